package dev.carafe.metadata;

import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.content.Digest;
import org.jspecify.annotations.Nullable;

/**
 * An object that holds, or is held, in garbage collection.
 *
 * @param snapshotter of a snapshot, else empty
 * @param key digest, snapshot key, image name, ref or id
 */
record Node(Kind kind, String namespace, String snapshotter, String key) {
  /** In the order in which a sweep removes them: holders first. */
  enum Kind {
    LEASE,
    IMAGE,
    CONTAINER,
    SANDBOX,
    MOUNT,
    INGEST,
    SNAPSHOT,
    CONTENT
  }

  static Node content(String namespace, Digest digest) {
    return content(namespace, digest.toString());
  }

  static Node content(String namespace, String digest) {
    return new Node(Kind.CONTENT, namespace, "", digest);
  }

  static Node snapshot(String namespace, String snapshotter, String key) {
    return new Node(Kind.SNAPSHOT, namespace, snapshotter, key);
  }

  static Node image(String namespace, String name) {
    return new Node(Kind.IMAGE, namespace, "", name);
  }

  static Node ingest(String namespace, String ref) {
    return new Node(Kind.INGEST, namespace, "", ref);
  }

  static Node container(String namespace, String id) {
    return new Node(Kind.CONTAINER, namespace, "", id);
  }

  static Node sandbox(String namespace, String id) {
    return new Node(Kind.SANDBOX, namespace, "", id);
  }

  static Node mount(String namespace, String name) {
    return new Node(Kind.MOUNT, namespace, "", name);
  }

  static Node lease(String namespace, String id) {
    return new Node(Kind.LEASE, namespace, "", id);
  }

  /** What a lease's resource means; null if the type is not one that is collected. */
  static @Nullable Node of(String namespace, Lease.Resource resource) {
    return switch (resource.type()) {
      case Resources.CONTENT -> content(namespace, resource.id());
      case Resources.INGESTS -> ingest(namespace, resource.id());
      case Resources.IMAGES -> image(namespace, resource.id());
      default ->
          resource.type().startsWith(Resources.SNAPSHOTS)
              ? snapshot(
                  namespace, resource.type().substring(Resources.SNAPSHOTS.length()), resource.id())
              : null;
    };
  }
}
