package dev.carafe.metadata;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.ActivationStore;
import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Activations of mounts of one namespace in the database. */
final class ActivationTable implements ActivationStore {
  private static final int MAX_NAME = 1024;

  private final Ledger ledger;
  private final String namespace;
  private final String lease;

  ActivationTable(Ledger ledger, String namespace, String lease) {
    this.ledger = ledger;
    this.namespace = namespace;
    this.lease = lease;
  }

  @Override
  public Activation get(String name) {
    return ledger.view(tx -> found(name, Schema.get(Schema.mounts(tx, namespace), name)));
  }

  @Override
  public List<Activation> list() {
    return Pages.all(ledger, tx -> Schema.mounts(tx, namespace), Formats.ACTIVATION);
  }

  @Override
  public Activation create(Activation activation) {
    String name = activation.name();
    if (name.isEmpty() || name.length() > MAX_NAME) {
      throw new InvalidArgumentException(
          "mount activation: name has " + name.length() + " characters, not 1 to " + MAX_NAME);
    }
    Map<String, String> labels = Labels.checked(activation.labels());
    return ledger.change(change -> {
      if (!lease.isEmpty()) {
        change.lease(namespace, lease);
        change.touch(Node.lease(namespace, lease));
      }
      WritableBucket mounts = mounts(change);
      if (mounts.get(name) != null) {
        throw new AlreadyExistsException("mount activation \"" + name + "\": already exists");
      }
      Activation stored =
          new Activation(
              name,
              activation.directory(),
              lease,
              activation.active(),
              activation.system(),
              labels);
      mounts.put(name, Formats.ACTIVATION.encode(stored));
      change.touch(Node.mount(namespace, name));
      return stored;
    });
  }

  @Override
  public Activation updateLabels(String name, UnaryOperator<Map<String, String>> change) {
    return ledger.change(to -> {
      WritableBucket mounts = mounts(to);
      Activation old = found(name, Schema.get(mounts, name));
      Activation stored = old.withLabels(Labels.checked(change.apply(old.labels())));
      mounts.put(name, Formats.ACTIVATION.encode(stored));
      to.touch(Node.mount(namespace, name));
      to.deletes();
      return stored;
    });
  }

  @Override
  public void delete(String name) {
    ledger.change(change -> {
      if (name.isEmpty() || !mounts(change).delete(name)) {
        throw notFound(name);
      }
      change.deletes();
      return null;
    });
  }

  private WritableBucket mounts(Change change) {
    return Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.MOUNTS);
  }

  private static Activation found(String name, byte @Nullable [] value) {
    Activation activation = Formats.ACTIVATION.decodeOrNull(name, value);
    if (activation == null) {
      throw notFound(name);
    }
    return activation;
  }

  private static NotFoundException notFound(String name) {
    return new NotFoundException("mount activation \"" + name + "\": not found");
  }
}
