package dev.carafe.engine.stores;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Leases of one namespace. */
public interface LeaseManager {
  /**
   * Creates a lease.
   *
   * @param id or empty for one of the store's making
   * @throws AlreadyExistsException {@code lease "ID": already exists}
   */
  Lease create(String id, Map<String, String> labels);

  /** Creates a lease of the store's naming that expires after {@code life}. */
  Lease open(Duration life);

  /**
   * One lease.
   *
   * @throws NotFoundException {@code lease "ID": not found}
   */
  Lease get(String id);

  /** All leases by id. */
  List<Lease> list();

  /**
   * Ends a lease; what only it held goes with the next garbage collection.
   *
   * @throws NotFoundException {@code lease "ID": not found}
   */
  void delete(String id);

  /**
   * Adds a resource; idempotent. The object need not exist.
   *
   * @throws NotFoundException {@code lease "ID": not found}
   * @throws UnimplementedException if the type is unknown
   */
  void addResource(String id, Lease.Resource resource);

  /** Takes a resource away; idempotent. */
  void deleteResource(String id, Lease.Resource resource);

  /** What a lease holds. */
  List<Lease.Resource> resources(String id);
}
