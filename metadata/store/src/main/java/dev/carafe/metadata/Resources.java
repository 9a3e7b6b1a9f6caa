package dev.carafe.metadata;

import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.snapshots.SnapshotKey;

/** The types of a lease's resources. */
final class Resources {
  static final String CONTENT = "content";
  static final String INGESTS = "ingests";
  static final String IMAGES = "images";
  static final String SNAPSHOTS = "snapshots/";

  private Resources() {}

  static Lease.Resource content(Digest digest) {
    return new Lease.Resource(CONTENT, digest.toString());
  }

  static Lease.Resource ingest(String ref) {
    return new Lease.Resource(INGESTS, ref);
  }

  static Lease.Resource image(String name) {
    return new Lease.Resource(IMAGES, name);
  }

  static Lease.Resource snapshot(String snapshotter, String key) {
    return new Lease.Resource(SNAPSHOTS + snapshotter, key);
  }

  /**
   * Returns {@code resource} if a lease can hold it.
   *
   * @throws InvalidArgumentException if type or id are malformed
   * @throws UnimplementedException if the type is unknown
   */
  static Lease.Resource checked(Lease.Resource resource) {
    String type = resource.type();
    if (resource.id().isEmpty()) {
      throw new InvalidArgumentException("resource of type \"" + type + "\" has no id");
    }
    switch (type) {
      case CONTENT -> Digest.parse(resource.id());
      case INGESTS, IMAGES -> {}
      case "snapshots", SNAPSHOTS ->
          throw new InvalidArgumentException("resource type \"" + type + "\" names no snapshotter");
      default -> {
        String snapshotter = type.substring(Math.min(type.length(), SNAPSHOTS.length()));
        if (type.startsWith(CONTENT + "/")
            || type.startsWith(INGESTS + "/")
            || type.startsWith(IMAGES + "/")) {
          throw new InvalidArgumentException(
              "resource type \"" + type.replaceAll("\\p{Cntrl}", "?") + "\" is malformed");
        }
        if (!type.startsWith(SNAPSHOTS)) {
          throw new UnimplementedException(
              "resource type \"" + type.replaceAll("\\p{Cntrl}", "?") + "\" is not supported");
        }
        if (snapshotter.indexOf('/') >= 0 || snapshotter.indexOf(' ') >= 0) {
          throw new InvalidArgumentException(
              "resource type \"" + type.replaceAll("\\p{Cntrl}", "?") + "\" is malformed");
        }
        new SnapshotKey(resource.id());
      }
    }
    return resource;
  }
}
