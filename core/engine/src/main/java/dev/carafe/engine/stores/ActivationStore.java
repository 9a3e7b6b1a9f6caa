package dev.carafe.engine.stores;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Records of mounts that the daemon made, in one namespace. Garbage collection removes those that
 * nothing holds any more; the mount manager then unmounts what has no record.
 */
public interface ActivationStore {
  /**
   * One activation.
   *
   * @throws NotFoundException {@code mount activation "NAME": not found}
   */
  Activation get(String name);

  /** All activations by name. */
  List<Activation> list();

  /**
   * Adds an activation, held by the stores' lease if they have one.
   *
   * @throws AlreadyExistsException {@code mount activation "NAME": already exists}
   */
  Activation create(Activation activation);

  /**
   * Replaces the labels, atomically.
   *
   * @throws NotFoundException {@code mount activation "NAME": not found}
   */
  Activation updateLabels(String name, UnaryOperator<Map<String, String>> change);

  /**
   * Removes an activation.
   *
   * @throws NotFoundException {@code mount activation "NAME": not found}
   */
  void delete(String name);
}
