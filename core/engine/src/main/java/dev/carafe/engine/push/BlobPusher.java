package dev.carafe.engine.push;

import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageDestination.Outcome;
import dev.carafe.spi.images.ImageName;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Hands blobs and manifests to one destination, and reports how far they are. */
final class BlobPusher {
  private static final long EVERY = 1 << 20;

  private final Stores stores;
  private final ImageDestination destination;
  private final ImageName name;
  private final Semaphore uploads;
  private final Progress progress;

  BlobPusher(
      Stores stores,
      ImageDestination destination,
      ImageName name,
      Semaphore uploads,
      Progress progress) {
    this.stores = stores;
    this.destination = destination;
    this.name = name;
    this.uploads = uploads;
    this.progress = progress;
  }

  static String pieceName(Descriptor descriptor) {
    String mediaType = descriptor.mediaType();
    String kind =
        MediaTypes.isIndex(mediaType)
            ? "index"
            : MediaTypes.isManifest(mediaType)
                ? "manifest"
                : MediaTypes.isConfig(mediaType) ? "config" : "layer";
    return kind + "-" + descriptor.digest();
  }

  /** Sends a blob, or finds that it is there. */
  boolean push(Descriptor blob, List<String> parents) throws InterruptedException {
    report("waiting", blob, parents, 0);
    uploads.acquire();
    try {
      BlobInfo info = stores.content().info(blob.digest());
      if (info.size() != blob.size()) {
        throw new DataLossException(
            "content "
                + blob.digest()
                + " has "
                + info.size()
                + " bytes, its manifest says "
                + blob.size());
      }
      report(
          blob,
          parents,
          destination.push(blob, offset -> open(blob, parents, offset), elsewhere(info)));
      return true;
    } finally {
      uploads.release();
    }
  }

  /** Puts a manifest or index. */
  void push(Descriptor manifest, byte[] bytes, boolean named, List<String> parents) {
    report("waiting", manifest, parents, 0);
    report(manifest, parents, destination.push(manifest, bytes, named));
  }

  /** Repositories of the same registry from which the blob came. */
  private List<String> elsewhere(BlobInfo info) {
    String sources = info.labels().getOrDefault(Labels.distributionSource(name.host()), "");
    return sources.isEmpty() ? List.of() : List.of(sources.split(","));
  }

  private InputStream open(Descriptor blob, List<String> parents, long offset) {
    BlobReader reader = stores.content().open(blob.digest());
    return new Counted(reader, offset, blob, parents);
  }

  private void report(Descriptor descriptor, List<String> parents, Outcome outcome) {
    boolean there = outcome == Outcome.EXISTED || outcome == Outcome.MOUNTED;
    report(there ? "already exists" : "complete", descriptor, parents, descriptor.size());
  }

  private void report(String event, Descriptor descriptor, List<String> parents, long done) {
    progress.report(
        new Progress.Step(
            event, pieceName(descriptor), parents, done, descriptor.size(), descriptor));
  }

  /** The blob's bytes on their way; closes the reader. */
  private final class Counted extends FilterInputStream {
    private final BlobReader reader;
    private final Descriptor blob;
    private final List<String> parents;
    private long done;
    private long reported;

    Counted(BlobReader reader, long offset, Descriptor blob, List<String> parents) {
      super(reader.stream(offset));
      this.reader = reader;
      this.blob = blob;
      this.parents = parents;
      this.done = offset;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int count = super.read(bytes, offset, length);
      if (count > 0) {
        done += count;
        if (done - reported >= EVERY || done == blob.size()) {
          reported = done;
          report("uploading", blob, parents, done);
        }
      }
      return count;
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
