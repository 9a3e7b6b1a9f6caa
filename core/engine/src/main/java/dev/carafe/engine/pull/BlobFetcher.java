package dev.carafe.engine.pull;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets blobs from a repository into the content store: verified, resumed, and once for all who ask
 * at the same time.
 */
final class BlobFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(BlobFetcher.class);
  private static final int CHUNK = 128 << 10;

  private final SingleFlight<Key, Boolean> flights = new SingleFlight<>();
  private final Semaphore downloads;

  private record Key(Namespace namespace, Digest digest) {}

  BlobFetcher(PullConfig config) {
    this.downloads = new Semaphore(config.maxConcurrentDownloads(), true);
  }

  static String pieceName(Descriptor descriptor) {
    String kind =
        MediaTypes.isIndex(descriptor.mediaType())
            ? "index"
            : MediaTypes.isManifest(descriptor.mediaType())
                ? "manifest"
                : MediaTypes.isConfig(descriptor.mediaType()) ? "config" : "layer";
    return kind + "-" + descriptor.digest();
  }

  /** Fetches an index, manifest or configuration and returns its bytes. */
  byte[] fetchDocument(Fetch fetch, Descriptor descriptor, List<String> parents) {
    if (descriptor.size() > ImageDocument.LIMIT) {
      throw new ResourceExhaustedException(
          pieceName(descriptor)
              + " of "
              + descriptor.size()
              + " bytes is larger than the limit of "
              + ImageDocument.LIMIT);
    }
    fetch(fetch, descriptor, parents);
    try (BlobReader reader = fetch.stores().content().open(descriptor.digest())) {
      return reader.readAll(ImageDocument.LIMIT);
    }
  }

  /** Fetches blobs in parallel. */
  void fetchAll(Fetch fetch, List<Descriptor> descriptors, List<String> parents) {
    List<Callable<Boolean>> work = new ArrayList<>();
    for (Descriptor descriptor : descriptors.stream().distinct().toList()) {
      work.add(() -> fetch(fetch, descriptor, parents));
    }
    Parallel.all(work);
  }

  /** Makes sure that a blob is there and held by the lease. */
  boolean fetch(Fetch fetch, Descriptor descriptor, List<String> parents) {
    Steps steps = new Steps(fetch.progress(), descriptor, parents);
    if (present(fetch, descriptor)) {
      steps.report("already exists", descriptor.size());
      return true;
    }
    steps.report("waiting", 0);
    once(fetch, descriptor, () -> download(fetch, descriptor, steps));
    steps.report("complete", descriptor.size());
    return true;
  }

  /**
   * Does the work that brings a blob, or waits for whoever does; afterwards the blob is there and
   * held by the lease.
   */
  void once(Fetch fetch, Descriptor descriptor, Callable<Boolean> work) {
    try {
      SingleFlight.Landed<Boolean> landed =
          flights.run(key(fetch, descriptor.digest()), fetch.sourceLabel(), work);
      if (!landed.leader()) {
        fetch.hold(descriptor.digest());
      }
    } catch (Exception e) {
      throw Parallel.failure(e);
    }
  }

  private static Key key(Fetch fetch, Digest digest) {
    return new Key(fetch.stores().namespace(), digest);
  }

  /**
   * Throws away what a pull has left unfinished, but for what another one works on. For pulls that
   * would not succeed another time either.
   */
  void abandon(Fetch fetch) {
    for (Digest digest : fetch.begun()) {
      flights.ifIdle(key(fetch, digest), () -> abort(fetch, Fetch.ref(digest)));
    }
  }

  private static void abort(Fetch fetch, String ref) {
    try {
      fetch.stores().content().abort(ref);
    } catch (NotFoundException e) {
      LOG.debug("ingest {}: finished", ref);
    } catch (DaemonException e) {
      LOG.warn("ingest {}: left until it expires: {}", ref, e.getMessage());
    }
  }

  /**
   * Whether the blob is there; if so, the lease holds it from now on.
   *
   * @throws NotFoundException if there is no such lease
   */
  boolean present(Fetch fetch, Descriptor descriptor) {
    fetch.hold(descriptor.digest());
    try {
      fetch.stores().content().info(descriptor.digest());
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  private boolean download(Fetch fetch, Descriptor descriptor, Steps steps) throws Exception {
    if (present(fetch, descriptor)) {
      return true;
    }
    downloads.acquire();
    try (ContentWriter writer = fetch.writer(descriptor)) {
      download(fetch, descriptor, writer, steps);
      return true;
    } catch (AlreadyExistsException e) {
      return true;
    } finally {
      downloads.release();
    }
  }

  /** Fetches from where the ingest stands, and commits. */
  void download(Fetch fetch, Descriptor descriptor, ContentWriter writer, Steps steps)
      throws IOException {
    long offset = writer.status().offset();
    try (InputStream body = fetch.body(descriptor, offset)) {
      byte[] chunk = new byte[CHUNK];
      for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
        writer.write(ByteBuffer.wrap(chunk, 0, read));
        offset += read;
        steps.downloading(offset);
      }
    }
    commit(fetch, writer, descriptor, Map.of());
  }

  /** Commits with the labels that every fetched blob gets; bytes that are wrong are thrown away. */
  void commit(
      Fetch fetch, ContentWriter writer, Descriptor descriptor, Map<String, String> labels) {
    Map<String, String> all = new HashMap<>(fetch.sourceLabel());
    all.putAll(labels);
    try {
      writer.commit(descriptor.size(), descriptor.digest(), all);
    } catch (AlreadyExistsException e) {
      return;
    } catch (FailedPreconditionException e) {
      writer.truncate();
      throw e;
    }
  }

  Semaphore downloads() {
    return downloads;
  }

  /** Adds labels to a blob; a distribution source is added to the list that is there. */
  void label(Fetch fetch, Descriptor descriptor, Map<String, String> labels) {
    fetch
        .stores()
        .content()
        .updateLabels(
            descriptor.digest(),
            old -> {
              Map<String, String> next = new HashMap<>(old);
              next.putAll(labels);
              fetch
                  .sourceLabel()
                  .forEach((key, value) -> next.merge(key, value, BlobFetcher::addToList));
              return next;
            });
  }

  private static String addToList(String list, String element) {
    if (List.of(list.split(",")).contains(element)) {
      return list;
    }
    String longer = list + "," + element;
    return longer.length() > Labels.LIMIT / 2 ? list : longer;
  }
}
