package dev.carafe.engine.stores;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Namespaces with their labels. A namespace also comes to be by the first write into it. */
public interface NamespaceStore {
  /**
   * Labels of a namespace. One that does not exist has none: clients ask for defaults of a
   * namespace before their first write into it.
   */
  Map<String, String> labels(Namespace namespace);

  /** All namespaces by name. */
  List<Namespace> list();

  /**
   * Creates a namespace.
   *
   * @throws AlreadyExistsException {@code namespace "N": already exists}
   */
  void create(Namespace namespace, Map<String, String> labels);

  /**
   * Replaces the labels with what {@code change} makes of them, atomically; creates the namespace
   * if there is none.
   */
  Map<String, String> updateLabels(Namespace namespace, UnaryOperator<Map<String, String>> change);

  /**
   * Removes an empty namespace.
   *
   * @throws NotFoundException {@code namespace "N": not found}
   * @throws FailedPreconditionException if something is left in it; the message names the kinds
   */
  void delete(Namespace namespace);
}
