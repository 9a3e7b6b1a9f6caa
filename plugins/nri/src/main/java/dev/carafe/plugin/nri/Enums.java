package dev.carafe.plugin.nri;

/** Enumerations whose names are the kernel's. */
final class Enums {
  private Enums() {}

  static <E extends Enum<E>> E named(E[] all, String name, E otherwise) {
    for (E one : all) {
      if (one.name().equals(name)) {
        return one;
      }
    }
    return otherwise;
  }
}
