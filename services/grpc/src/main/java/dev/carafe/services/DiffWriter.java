package dev.carafe.services;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Writes a difference between mounts as a blob. */
final class DiffWriter {
  private final List<Differ> differs;

  DiffWriter(List<Differ> differs) {
    this.differs = differs;
  }

  /**
   * Makes the blob, or finds that it is there; either way it says what it is uncompressed.
   *
   * @param describedAs the media type of the descriptor
   * @param ref name of the ingest, or empty
   */
  Descriptor write(
      ContentStore content,
      DiffRequest request,
      String describedAs,
      String ref,
      Map<String, String> labels)
      throws IOException {
    String name = ref.isEmpty() ? "diff-" + UUID.randomUUID() : ref;
    try (ContentWriter writer = content.writer(new IngestRequest(name, 0, null))) {
      writer.truncate();
      Digest diffId = diff(request, writer);
      Digest digest = writer.digest();
      long size = writer.status().offset();
      Map<String, String> all = new HashMap<>(labels);
      all.put(Labels.UNCOMPRESSED, diffId.toString());
      try {
        writer.commit(size, digest, all);
      } catch (AlreadyExistsException e) {
        content.updateLabels(
            digest,
            old -> {
              Map<String, String> next = new HashMap<>(old);
              next.put(Labels.UNCOMPRESSED, diffId.toString());
              return next;
            });
      }
      return new Descriptor(describedAs, digest, size);
    }
  }

  private Digest diff(DiffRequest request, ContentWriter writer) throws IOException {
    for (Differ differ : differs) {
      try (OutputStream out = new BufferedOutputStream(new WriterOutput(writer), 128 << 10)) {
        return differ.diff(request, out);
      } catch (UnimplementedException e) {
        writer.truncate();
      }
    }
    throw new UnimplementedException("no differ for media type " + request.mediaType());
  }

  /** Closing it leaves the writer open. */
  private static final class WriterOutput extends OutputStream {
    private final ContentWriter writer;

    WriterOutput(ContentWriter writer) {
      this.writer = writer;
    }

    @Override
    public void write(int b) {
      writer.write(ByteBuffer.wrap(new byte[] {(byte) b}));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      writer.write(ByteBuffer.wrap(bytes, offset, length));
    }
  }
}
