package dev.carafe.engine.stores;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.function.UnaryOperator;

/** Containers of one namespace. Changes are durable on return and then published as events. */
public interface ContainerStore {
  /**
   * One container.
   *
   * @throws NotFoundException {@code container "ID" in namespace "NS": not found}
   */
  Container get(String id);

  /** All containers by id. */
  List<Container> list();

  /**
   * Adds a container; sets the times.
   *
   * @throws InvalidArgumentException if id, labels, runtime name or spec are missing or wrong, or a
   *     snapshot key comes without snapshotter
   * @throws AlreadyExistsException {@code container "ID": already exists}
   */
  Container create(Container container);

  /**
   * Replaces a container with what {@code change} makes of it, atomically; id and creation time
   * stay.
   *
   * @throws NotFoundException {@code container "ID" in namespace "NS": not found}
   */
  Container update(String id, UnaryOperator<Container> change);

  /**
   * Removes a container; its snapshot is no longer held.
   *
   * @throws NotFoundException {@code container "ID" in namespace "NS": not found}
   */
  void delete(String id);
}
