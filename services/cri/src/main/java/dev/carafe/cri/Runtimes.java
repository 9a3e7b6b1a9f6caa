package dev.carafe.cri;

import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.util.ArrayList;
import java.util.List;

/** Runtime handlers by the names that pods ask for. */
record Runtimes(RuntimeHandlers handlers, CriConfig config) {
  /** The handler of a pod; empty stands for the default. */
  String handler(String wanted) {
    String name = wanted.isEmpty() ? config.defaultRuntimeHandler() : wanted;
    try {
      handlers.resolve(name, RuntimeOptions.NONE);
      return name;
    } catch (NotFoundException e) {
      throw new InvalidArgumentException(
          "pod sandbox: runtime handler \""
              + wanted.replaceAll("\\p{Cntrl}", "?")
              + "\" is not configured",
          e);
    }
  }

  /** All names, the empty one of the default first. */
  List<String> names() {
    List<String> names = new ArrayList<>(List.of(""));
    handlers.names().forEach(names::add);
    return names;
  }
}
