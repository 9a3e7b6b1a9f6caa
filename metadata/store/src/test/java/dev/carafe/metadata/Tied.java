package dev.carafe.metadata;

import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.sandboxes.Sandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A container with its snapshot, a sandbox, and what is tied to the two: a blob that the sandbox
 * names, and a blob and mounts that name the container. Made under a lease that then ends.
 */
record Tied(Stores stores, String id, Digest named, Digest naming) {
  static Tied make(NamespacedMetadata metadata, Namespace namespace, String id) {
    Stores plain = metadata.stores(namespace);
    Lease lease = plain.leases().open(Duration.ofHours(1));
    Stores leased = metadata.stores(namespace, lease.id());
    leased.snapshotter(SNAPSHOTTER).prepare(key("tied " + id), null, Map.of());
    Digest named = World.blob(leased, "named " + id, Map.of());
    Digest naming = World.blob(leased, "naming " + id, refs("bref.container", id));
    plain.containers().create(Containers.container(id, SNAPSHOTTER, "tied " + id));
    plain
        .activations()
        .create(new Activation(id, id, "", List.of(), List.of(), refs("bref.container", id)));
    plain.sandboxes().create(sandbox(id, refs("ref.content", named.toString())));
    plain.leases().delete(lease.id());
    Tied tied = new Tied(plain, id, named, naming);
    tied.look();
    return tied;
  }

  static Sandbox sandbox(String id, Map<String, String> labels) {
    return new Sandbox(
        id, Sandbox.Runtime.NONE, null, labels, Map.of(), Instant.EPOCH, Instant.EPOCH, "");
  }

  /** All of it is there. */
  void look() {
    stores.snapshotter(SNAPSHOTTER).stat(key("tied " + id));
    stores.content().info(named);
    stores.content().info(naming);
    stores.activations().get(id);
  }

  void end() {
    stores.containers().delete(id);
    stores.sandboxes().delete(id);
  }
}
