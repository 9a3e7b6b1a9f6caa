package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.Namespaces;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Locale;
import java.util.Set;

/** A kind of namespace that a pod has to itself and that needs no process. */
enum PodNamespace {
  NET(Namespaces.NEWNET),
  IPC(Namespaces.NEWIPC),
  UTS(Namespaces.NEWUTS),
  /** Owns the others; not without a mapping of ids. */
  USER(Namespaces.NEWUSER);

  /** What a pod has to itself if nothing is said. */
  static final Set<PodNamespace> USUAL = Set.of(NET, IPC, UTS);

  private final int flag;

  PodNamespace(int flag) {
    this.flag = flag;
  }

  int flag() {
    return flag;
  }

  /** Its name below {@code /proc/PID/ns}. */
  String file() {
    return name().toLowerCase(Locale.ROOT);
  }

  static PodNamespace of(String name) {
    for (PodNamespace namespace : values()) {
      if (namespace.file().equals(name)) {
        return namespace;
      }
    }
    throw new InvalidArgumentException(
        "sandbox options: namespaces: \""
            + name.replaceAll("\\p{Cntrl}", "?")
            + "\" is none of net, ipc, uts, user");
  }
}
