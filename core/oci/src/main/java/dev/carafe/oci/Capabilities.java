package dev.carafe.oci;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Names of capabilities (capabilities(7)). */
public final class Capabilities {
  /** What a container has unless it is told otherwise: containerd's fourteen. */
  static final List<String> DEFAULT =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  /** Each at the index that is its number. */
  private static final List<String> ALL =
      List.of(
          ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP"
                  + " LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK"
                  + " IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN"
                  + " SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE"
                  + " AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND"
                  + " AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE")
              .split(" "));

  private Capabilities() {}

  /** All that this process may hand on: a runtime cannot give a container more than it has. */
  public static List<String> held() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("CapBnd:")) {
        return of(Long.parseUnsignedLong(line.substring("CapBnd:".length()).strip(), 16));
      }
    }
    return DEFAULT;
  }

  /** The names of the bits of a mask; bits that have none here are left out. */
  static List<String> of(long mask) {
    List<String> names = new ArrayList<>();
    for (int bit = 0; bit < ALL.size(); bit++) {
      if ((mask >> bit & 1) != 0) {
        names.add("CAP_" + ALL.get(bit));
      }
    }
    return names;
  }

  /**
   * A name in its full form, {@code CAP_CHOWN} for {@code chown}.
   *
   * @throws InvalidArgumentException if there is no such capability
   */
  static String named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String plain = upper.startsWith("CAP_") ? upper.substring("CAP_".length()) : upper;
    if (!ALL.contains(plain)) {
      throw new InvalidArgumentException("capability \"" + name + "\" is unknown");
    }
    return "CAP_" + plain;
  }
}
