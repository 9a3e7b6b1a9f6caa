package dev.carafe.engine.stores;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.Snapshotter;

/**
 * The stores of one namespace. Bound to a lease, everything that is created through them (blobs,
 * ingests, snapshots, images) is held by that lease from the same transaction on, also where the
 * answer is "already exists".
 */
public interface Stores {
  Namespace namespace();

  ContentStore content();

  /**
   * A snapshotter, seen through the namespace.
   *
   * @throws NotFoundException {@code snapshotter "N": not found} if no such plugin is healthy
   */
  Snapshotter snapshotter(String name);

  ImageStore images();

  ContainerStore containers();

  SandboxStore sandboxes();

  ActivationStore activations();

  LeaseManager leases();

  TaskStore tasks();
}
