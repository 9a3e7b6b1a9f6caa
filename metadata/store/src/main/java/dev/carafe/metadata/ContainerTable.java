package dev.carafe.metadata;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Identifiers;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.WritableBucket;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Containers of one namespace in the database. */
final class ContainerTable implements ContainerStore {
  private final Ledger ledger;
  private final String namespace;

  ContainerTable(Ledger ledger, String namespace) {
    this.ledger = ledger;
    this.namespace = namespace;
  }

  @Override
  public Container get(String id) {
    return ledger.view(tx -> found(id, Schema.get(Schema.containers(tx, namespace), id)));
  }

  @Override
  public List<Container> list() {
    return Pages.all(ledger, tx -> Schema.containers(tx, namespace), Formats.CONTAINER);
  }

  @Override
  public Container create(Container container) {
    Identifiers.check("container id", container.id());
    Map<String, String> labels = checked(container);
    return ledger.change(change -> {
      WritableBucket containers = containers(change);
      if (containers.get(container.id()) != null) {
        throw new AlreadyExistsException("container \"" + container.id() + "\": already exists");
      }
      Container stored = stored(container, container.id(), labels, change.now(), change.now());
      containers.put(stored.id(), Formats.CONTAINER.encode(stored));
      change.touch(Node.container(namespace, stored.id()));
      change.publish(
          namespace,
          new Event.ContainerCreated(
              stored.id(), stored.image(), stored.runtime().name(), options(stored)));
      return stored;
    });
  }

  private static Event.@Nullable RuntimeOptions options(Container container) {
    TypedValue options = container.runtime().options();
    return options == null ? null : new Event.RuntimeOptions(options.typeUrl(), options.value());
  }

  @Override
  public Container update(String id, UnaryOperator<Container> change) {
    return ledger.change(to -> {
      WritableBucket containers = containers(to);
      Container old = found(id, Schema.get(containers, id));
      Container changed = change.apply(old);
      Map<String, String> labels = checked(changed);
      if (!changed.snapshotter().equals(old.snapshotter())) {
        throw new InvalidArgumentException("container \"" + id + "\": snapshotter is immutable");
      }
      if (!changed.runtime().name().equals(old.runtime().name())) {
        throw new InvalidArgumentException("container \"" + id + "\": runtime name is immutable");
      }
      Container stored = stored(changed, id, labels, old.createdAt(), to.now());
      containers.put(id, Formats.CONTAINER.encode(stored));
      to.touch(Node.container(namespace, id));
      if (!stored.snapshotKey().equals(old.snapshotKey())
          || !stored.labels().equals(old.labels())) {
        to.deletes();
      }
      to.publish(
          namespace, new Event.ContainerUpdated(id, stored.image(), labels, stored.snapshotKey()));
      return stored;
    });
  }

  @Override
  public void delete(String id) {
    ledger.change(change -> {
      WritableBucket containers = containers(change);
      if (id.isEmpty() || !containers.delete(id)) {
        throw notFound(id);
      }
      change.deletes();
      change.publish(namespace, new Event.ContainerDeleted(id));
      return null;
    });
  }

  private WritableBucket containers(Change change) {
    return Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.CONTAINERS);
  }

  private static Container stored(
      Container container,
      String id,
      Map<String, String> labels,
      Instant createdAt,
      Instant updatedAt) {
    return new Container(
        id,
        labels,
        container.image(),
        container.runtime(),
        container.spec(),
        container.snapshotter(),
        container.snapshotKey(),
        container.extensions(),
        container.sandboxId(),
        createdAt,
        updatedAt);
  }

  /** Checks all but the id; the labels as they are to be stored. */
  private static Map<String, String> checked(Container container) {
    String named = "container \"" + container.id() + "\": ";
    Map<String, String> labels = Labels.checked(container.labels());
    if (container.runtime().name().isEmpty()) {
      throw new InvalidArgumentException(named + "runtime name must not be empty");
    }
    if (container.spec() == null) {
      throw new InvalidArgumentException(named + "spec must not be empty");
    }
    if (!container.snapshotKey().isEmpty() && container.snapshotter().isEmpty()) {
      throw new InvalidArgumentException(
          named + "snapshotter must not be empty where a snapshot key is given");
    }
    if (container.extensions().containsKey("")) {
      throw new InvalidArgumentException(named + "extension key must not be empty");
    }
    return labels;
  }

  private Container found(String id, byte @Nullable [] value) {
    Container container = Formats.CONTAINER.decodeOrNull(id, value);
    if (container == null) {
      throw notFound(id);
    }
    return container;
  }

  private NotFoundException notFound(String id) {
    return new NotFoundException(
        "container \"" + id + "\" in namespace \"" + namespace + "\": not found");
  }
}
