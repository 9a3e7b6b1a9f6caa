package dev.carafe.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How far {@code oom_score_adj} may be lowered. Below the daemon's own it takes CAP_SYS_RESOURCE in
 * the first user namespace; without it a container that asks for less would not start, so the
 * request is raised to the daemon's own, as containerd's {@code restrict_oom_score_adj} does.
 */
public final class OomScore {
  private static final int CAP_SYS_RESOURCE = 24;
  private static final int LIMIT = 1 << 16;
  private static final String ALL_IDS = "4294967295";

  private static final class Probe {
    static final int FLOOR = probe();
  }

  private OomScore() {}

  /** The least value that can be set. */
  public static int floor() {
    return Probe.FLOOR;
  }

  private static int probe() {
    Path self = Path.of("/proc/self");
    return floor(
        read(self.resolve("status")),
        read(self.resolve("uid_map")),
        read(self.resolve("oom_score_adj")));
  }

  private static String read(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LIMIT), StandardCharsets.US_ASCII);
    } catch (IOException _) {
      return "";
    }
  }

  static int floor(String status, String uidMap, String own) {
    boolean capable =
        status
            .lines()
            .filter(line -> line.startsWith("CapEff:"))
            .map(line -> Long.parseUnsignedLong(line.substring(7).trim(), 16))
            .anyMatch(capabilities -> (capabilities >> CAP_SYS_RESOURCE & 1) == 1);
    String[] map = uidMap.trim().split("\\s+");
    boolean firstNamespace = map.length == 3 && map[2].equals(ALL_IDS);
    return capable && firstNamespace ? -1000 : Integer.parseInt(own.trim());
  }
}
