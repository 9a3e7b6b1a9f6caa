package dev.carafe.metadata;

import dev.carafe.engine.stores.Identifiers;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.SandboxStore;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.sandboxes.Sandbox;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Sandboxes of one namespace in the database. */
final class SandboxTable implements SandboxStore {
  private final Ledger ledger;
  private final String namespace;

  SandboxTable(Ledger ledger, String namespace) {
    this.ledger = ledger;
    this.namespace = namespace;
  }

  @Override
  public Sandbox get(String id) {
    return ledger.view(tx -> found(id, Schema.get(Schema.sandboxes(tx, namespace), id)));
  }

  @Override
  public List<Sandbox> list() {
    return Pages.all(ledger, tx -> Schema.sandboxes(tx, namespace), Formats.SANDBOX);
  }

  @Override
  public Sandbox create(Sandbox sandbox) {
    String id = Identifiers.check("sandbox id", sandbox.id());
    Map<String, String> labels = checked(sandbox);
    return ledger.change(change -> {
      WritableBucket sandboxes = sandboxes(change);
      if (sandboxes.get(id) != null) {
        throw new AlreadyExistsException("sandbox \"" + id + "\": already exists");
      }
      Instant now = change.now();
      Sandbox stored = stored(sandbox, id, sandbox.controller(), labels, now, now);
      sandboxes.put(id, Formats.SANDBOX.encode(stored));
      change.touch(Node.sandbox(namespace, id));
      return stored;
    });
  }

  @Override
  public Sandbox update(String id, UnaryOperator<Sandbox> change) {
    return ledger.change(to -> {
      WritableBucket sandboxes = sandboxes(to);
      Sandbox old = found(id, Schema.get(sandboxes, id));
      Sandbox changed = change.apply(old);
      Map<String, String> labels = checked(changed);
      Sandbox stored = stored(changed, id, old.controller(), labels, old.createdAt(), to.now());
      sandboxes.put(id, Formats.SANDBOX.encode(stored));
      to.touch(Node.sandbox(namespace, id));
      if (!stored.labels().equals(old.labels())) {
        to.deletes();
      }
      return stored;
    });
  }

  @Override
  public void delete(String id) {
    ledger.change(change -> {
      WritableBucket sandboxes = sandboxes(change);
      if (id.isEmpty() || !sandboxes.delete(id)) {
        throw notFound(id);
      }
      change.deletes();
      return null;
    });
  }

  private WritableBucket sandboxes(Change change) {
    return Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.SANDBOXES);
  }

  private static Sandbox stored(
      Sandbox sandbox,
      String id,
      String controller,
      Map<String, String> labels,
      Instant createdAt,
      Instant updatedAt) {
    return new Sandbox(
        id,
        sandbox.runtime(),
        sandbox.spec(),
        labels,
        sandbox.extensions(),
        createdAt,
        updatedAt,
        controller);
  }

  /** Checks all but the id; the labels as they are to be stored. */
  private static Map<String, String> checked(Sandbox sandbox) {
    if (sandbox.extensions().containsKey("")) {
      throw new InvalidArgumentException(
          "sandbox \"" + sandbox.id() + "\": extension key must not be empty");
    }
    return Labels.checked(sandbox.labels());
  }

  private Sandbox found(String id, byte @Nullable [] value) {
    Sandbox sandbox = Formats.SANDBOX.decodeOrNull(id, value);
    if (sandbox == null) {
      throw notFound(id);
    }
    return sandbox;
  }

  private NotFoundException notFound(String id) {
    return new NotFoundException(
        "sandbox \"" + id + "\" in namespace \"" + namespace + "\": not found");
  }
}
