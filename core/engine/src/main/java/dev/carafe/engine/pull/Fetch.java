package dev.carafe.engine.pull;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageSource.Repository;
import java.util.Map;

/**
 * One pull's view of the world.
 *
 * @param stores bound to the lease
 * @param sourceLabel the label that every blob gets: where it came from
 */
record Fetch(
    Stores stores,
    String leaseId,
    Repository repository,
    Map<String, String> sourceLabel,
    Progress progress) {
  Fetch {
    sourceLabel = Map.copyOf(sourceLabel);
  }

  /** Holds a blob that another pull has fetched. */
  void hold(Digest digest) {
    stores.leases().addResource(leaseId, new Lease.Resource("content", digest.toString()));
  }

  /** Holds a snapshot that another pull has made. */
  void holdSnapshot(String snapshotter, String key) {
    stores.leases().addResource(leaseId, new Lease.Resource("snapshots/" + snapshotter, key));
  }
}
