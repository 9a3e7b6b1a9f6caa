package dev.carafe.engine.pull;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentIngester;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.plugins.Caller;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One pull's view of the world.
 *
 * @param stores bound to the lease
 * @param ingests not bound to the lease: a blob that is not finished outlives the pull, and the
 *     next one goes on with it
 * @param reference what the image is called at its registry; empty if it is at none
 * @param sourceLabel the label that every blob gets: where it came from
 * @param begun blobs of which this pull has written some
 */
record Fetch(
    Stores stores,
    ContentIngester ingests,
    String leaseId,
    Repository repository,
    String reference,
    Map<String, String> sourceLabel,
    Progress progress,
    Set<Digest> begun) {
  Fetch {
    sourceLabel = Map.copyOf(sourceLabel);
  }

  Fetch(
      Stores stores,
      ContentIngester ingests,
      String leaseId,
      Repository repository,
      String reference,
      Map<String, String> sourceLabel,
      Progress progress) {
    this(
        stores,
        ingests,
        leaseId,
        repository,
        reference,
        sourceLabel,
        progress,
        ConcurrentHashMap.newKeySet());
  }

  /** For plugins that pass calls on. */
  Caller caller() {
    return new Caller(stores.namespace().name(), leaseId);
  }

  /** Holds a blob, whether it is there already or not. */
  void hold(Digest digest) {
    stores.leases().addResource(leaseId, new Lease.Resource("content", digest.toString()));
  }

  /** Holds a snapshot that another pull has made. */
  void holdSnapshot(String snapshotter, String key) {
    stores.leases().addResource(leaseId, new Lease.Resource("snapshots/" + snapshotter, key));
  }

  /** A writer for a blob, at the offset where an earlier fetch was cut off. */
  ContentWriter writer(Descriptor descriptor) {
    begun.add(descriptor.digest());
    return ingests.writer(
        new IngestRequest(ref(descriptor.digest()), descriptor.size(), descriptor.digest()));
  }

  /** What the repository sends of a blob from {@code offset} on. */
  InputStream body(Descriptor descriptor, long offset) {
    return new SizedInput(repository.fetch(descriptor, offset), descriptor, offset);
  }

  static String ref(Digest digest) {
    return "fetch-" + digest;
  }
}
