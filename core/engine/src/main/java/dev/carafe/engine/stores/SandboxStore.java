package dev.carafe.engine.stores;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.Sandbox;
import java.util.List;
import java.util.function.UnaryOperator;

/** What clients say of sandboxes, in one namespace. Changes are durable on return. */
public interface SandboxStore {
  /**
   * One sandbox.
   *
   * @throws NotFoundException {@code sandbox "ID" in namespace "NS": not found}
   */
  Sandbox get(String id);

  /** All sandboxes by id. */
  List<Sandbox> list();

  /**
   * Adds a sandbox; sets the times.
   *
   * @throws InvalidArgumentException if the id, a label or an extension key is wrong
   * @throws AlreadyExistsException {@code sandbox "ID": already exists}
   */
  Sandbox create(Sandbox sandbox);

  /**
   * Replaces a sandbox with what {@code change} makes of it, atomically; id, controller and
   * creation time stay.
   *
   * @throws NotFoundException {@code sandbox "ID" in namespace "NS": not found}
   */
  Sandbox update(String id, UnaryOperator<Sandbox> change);

  /**
   * Removes a sandbox.
   *
   * @throws NotFoundException {@code sandbox "ID" in namespace "NS": not found}
   */
  void delete(String id);
}
