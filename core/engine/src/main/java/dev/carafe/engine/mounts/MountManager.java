package dev.carafe.engine.mounts;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.PluginType;
import java.util.List;
import java.util.Map;

/**
 * Makes mounts for clients and unmakes them. What is mounted has a record in {@link
 * Stores#activations}, which says what holds it; a record that is removed, by whomever, is followed
 * by the unmounting.
 *
 * <p>A mount of type {@code format/TYPE} has templates in its source, target and options: {@code {{
 * source N }}}, {@code {{ target N }}} and {@code {{ mount N }}} are those of the mount at position
 * N, and {@code {{ overlay M N }}} the mount points from M to N with colons. The mounts before it
 * are made. One of type {@code mkdir/TYPE} makes the directories of its options {@code
 * X-containerd.mkdir.path=PATH[:MODE[:UID:GID]]}, which must be in mounts that were made.
 */
public interface MountManager {
  PluginType<MountManager> TYPE =
      new PluginType<>("io.containerd.mount-manager.v1", MountManager.class);

  /**
   * Makes what needs the daemon.
   *
   * @param temporary whether all mounts are to be made; what is left is then a bind mount of the
   *     result
   * @throws AlreadyExistsException if the name is taken
   * @throws InvalidArgumentException if a mount cannot be read
   * @throws UnimplementedException if a type has a form that is unknown, or if nothing needs the
   *     daemon: the client can mount it all
   */
  @Deadline(60)
  Activation activate(
      Stores stores,
      String name,
      List<Mount> mounts,
      Map<String, String> labels,
      boolean temporary);

  /**
   * Removes the record, and unmounts.
   *
   * @throws NotFoundException {@code mount activation "NAME": not found}
   */
  @Deadline(60)
  void deactivate(Stores stores, String name);
}
