package dev.carafe.engine.stores;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/** All metadata: the door from a namespace to its stores. */
public interface Metadata {
  PluginType<Metadata> TYPE = new PluginType<>("io.containerd.metadata.v1", Metadata.class);

  /**
   * The stores of a namespace without a lease. Cheap; nothing is written before the first change.
   */
  @Direct
  Stores stores(Namespace namespace);

  /**
   * The stores of a namespace under a lease.
   *
   * @throws NotFoundException {@code lease "ID": not found}, at the first change if not at once
   */
  @Direct
  Stores stores(Namespace namespace, String leaseId);

  @Direct
  NamespaceStore namespaces();

  @Direct
  GarbageCollector collector();
}
