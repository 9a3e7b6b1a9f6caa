package dev.carafe.metadata;

import dev.carafe.engine.stores.ActivationStore;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.ImageStore;
import dev.carafe.engine.stores.LeaseManager;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.SandboxStore;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TaskStore;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.snapshots.Snapshotter;

/** The stores of one namespace, under one lease or none. Holds no state of its own. */
final class NamespacedStores implements Stores {
  private final Namespace namespace;
  private final String lease;
  private final ContentContext content;
  private final SnapshotContexts snapshotters;
  private final Collector collector;

  NamespacedStores(
      Namespace namespace,
      String lease,
      ContentContext content,
      SnapshotContexts snapshotters,
      Collector collector) {
    this.namespace = namespace;
    this.lease = lease;
    this.content = content;
    this.snapshotters = snapshotters;
    this.collector = collector;
  }

  @Override
  public Namespace namespace() {
    return namespace;
  }

  @Override
  public ContentStore content() {
    return new NamespacedContentStore(content.with(caller()), namespace.name(), lease);
  }

  @Override
  public Snapshotter snapshotter(String name) {
    SnapshotContext context = snapshotters.get(name);
    if (context == null) {
      throw new NotFoundException(
          "snapshotter \"" + name.replaceAll("\\p{Cntrl}", "?") + "\": not found");
    }
    return new NamespacedSnapshotter(context.with(caller()), collector, namespace.name(), lease);
  }

  private Caller caller() {
    return new Caller(namespace.name(), lease);
  }

  @Override
  public ImageStore images() {
    return new ImageTable(content.ledger(), namespace.name(), lease);
  }

  @Override
  public ContainerStore containers() {
    return new ContainerTable(content.ledger(), namespace.name());
  }

  @Override
  public SandboxStore sandboxes() {
    return new SandboxTable(content.ledger(), namespace.name());
  }

  @Override
  public ActivationStore activations() {
    return new ActivationTable(content.ledger(), namespace.name(), lease);
  }

  @Override
  public LeaseManager leases() {
    return new LeaseTable(content.ledger(), namespace.name());
  }

  @Override
  public TaskStore tasks() {
    return new TaskTable(content.ledger(), namespace.name());
  }
}
