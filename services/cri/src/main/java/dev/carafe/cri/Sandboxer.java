package dev.carafe.cri;

import java.util.Locale;

/** Who makes the sandboxes of pods, by the names of the sandbox controllers. */
enum Sandboxer {
  /** Namespaces, held without a process. */
  PODSANDBOX,

  /** The runtime's shim, by its sandbox service. */
  SHIM;

  /**
   * By the name of its controller; empty stands for that of pods of which nothing is said.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  static Sandboxer of(String controller) {
    return controller.isEmpty() ? PODSANDBOX : valueOf(controller.toUpperCase(Locale.ROOT));
  }

  String controller() {
    return name().toLowerCase(Locale.ROOT);
  }
}
