package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.linux.HelperProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * AppArmor of this kernel, and the default profile in it. Only {@code apparmor_parser} can make of
 * a profile what the kernel takes; where it is not installed, somebody else has to load profiles.
 *
 * @param sys where sysfs is mounted
 * @param parsers where the program may be
 * @param etc where the distribution's parts of profiles are
 */
record AppArmor(Path sys, List<Path> parsers, Path etc) {
  /** The default profile's name in containerd, which nodes' own profiles refer to. */
  static final String DEFAULT = "cri-containerd.apparmor.d";

  static final AppArmor OF_THIS_MACHINE =
      new AppArmor(
          Path.of("/sys"),
          List.of(Path.of("/sbin/apparmor_parser"), Path.of("/usr/sbin/apparmor_parser")),
          Path.of("/etc/apparmor.d"));

  private static final Logger log = LoggerFactory.getLogger(AppArmor.class);
  private static final AtomicBoolean WARNED = new AtomicBoolean();
  private static final Duration PARSER_LIMIT = Duration.ofSeconds(20);
  private static final int OUTPUT_LIMIT = 4096;
  private static final int MOST_PROFILES = 10_000;

  AppArmor {
    parsers = List.copyOf(parsers);
  }

  boolean enabled() {
    return text(sys.resolve("module/apparmor/parameters/enabled")).startsWith("Y");
  }

  /** Names of the profiles in the kernel. Its lines are {@code NAME (MODE)}. */
  Set<String> loaded() {
    try (Stream<String> lines = Files.lines(sys.resolve("kernel/security/apparmor/profiles"))) {
      return lines
          .limit(MOST_PROFILES)
          .map(line -> line.contains(" (") ? line.substring(0, line.lastIndexOf(" (")) : line)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      return Set.of();
    }
  }

  /** As {@link #loaded}, with the default profile where it can be loaded and is not yet. */
  Set<String> withDefault() {
    Set<String> present = loaded();
    return present.contains(DEFAULT) || !load() ? present : loaded();
  }

  private boolean load() {
    Path parser = parsers.stream().filter(Files::isExecutable).findFirst().orElse(null);
    if (parser == null) {
      if (WARNED.compareAndSet(false, true)) {
        log.warn("AppArmor: profile {} is not loaded, and there is no apparmor_parser", DEFAULT);
      }
      return false;
    }
    try (HelperProgram program = new HelperProgram()) {
      // -K: without the cache of compiled profiles; -r: or replace; the profile is its input.
      HelperProgram.Result result =
          program.run(
              parser,
              List.of("-Kr"),
              profile(confinementOfDaemon()).getBytes(UTF_8),
              PARSER_LIMIT,
              OUTPUT_LIMIT);
      if (!result.succeeded()) {
        log.warn("AppArmor: profile {} is not loaded: {}", DEFAULT, result.errorText().strip());
      }
      return result.succeeded();
    } catch (TimeoutException | RuntimeException e) {
      log.warn("AppArmor: profile {} is not loaded: {}", DEFAULT, e.toString());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String confinementOfDaemon() {
    String current = text(Path.of("/proc/self/attr/current")).strip();
    int mode = current.lastIndexOf(" (");
    String name = mode < 0 ? current : current.substring(0, mode);
    return name.matches("[A-Za-z0-9/._-]{1,200}") ? name : "unconfined";
  }

  /**
   * The default profile: everything that the container's capabilities and file permissions allow,
   * but for mounting, and for what in /proc and /sys concerns the host.
   *
   * @param daemon the daemon's own profile, which may send signals
   */
  String profile(String daemon) {
    StringBuilder text = new StringBuilder(4096);
    if (Files.exists(etc.resolve("tunables/global"))) {
      text.append("#include <tunables/global>\n\n");
    } else {
      text.append("@{PROC}=/proc/\n\n");
    }
    text.append("profile ")
        .append(DEFAULT)
        .append(" flags=(attach_disconnected,mediate_deleted) {\n");
    if (Files.exists(etc.resolve("abstractions/base"))) {
      text.append("  #include <abstractions/base>\n\n");
    }
    List.of("network", "capability", "file", "umount").forEach(rule -> line(text, rule));
    for (String peer : new LinkedHashSet<>(List.of("unconfined", "runc", "crun", daemon))) {
      line(text, "signal (receive) peer=" + peer);
    }
    line(text, "signal (send, receive) peer=" + DEFAULT);
    line(text, "ptrace (trace, read, tracedby, readby) peer=" + DEFAULT);
    line(text, "deny mount");
    // Files of /proc itself, and directories other than those of processes, sys, self, thread-self.
    line(text, "deny @{PROC}/* w");
    line(text, "deny @{PROC}/[^1-9st]** w");
    line(text, "deny @{PROC}/s[^ey]** w");
    line(text, "deny @{PROC}/t[^h]** w");
    line(text, "deny @{PROC}/{sysrq-trigger,kcore,kmem,mem} rwklx");
    denyAllBut(text, "@{PROC}/sys/", List.of("kernel/shm", "kernel/msg", "kernel/sem"), "w");
    denyAllBut(text, "/sys/", List.of("fs/cgroup/"), "wklx");
    line(text, "deny /sys/firmware/** rwklx");
    line(text, "deny /sys/devices/virtual/powercap/** rwklx");
    line(text, "deny /sys/kernel/security/** rwklx");
    return text.append("}\n").toString();
  }

  private static void line(StringBuilder text, String rule) {
    text.append("  ").append(rule).append(",\n");
  }

  /**
   * AppArmor has no exceptions to what is denied: so each path is denied that leaves all of the
   * allowed ones, at the character where it leaves them.
   */
  static void denyAllBut(StringBuilder text, String below, List<String> allowed, String rights) {
    allowed.stream()
        .flatMap(one ->
            Stream.iterate(0, i -> i < one.length(), i -> i + 1).map(i -> one.substring(0, i)))
        .distinct()
        .forEach(prefix -> {
          String next =
              allowed.stream()
                  .filter(one -> one.startsWith(prefix) && one.length() > prefix.length())
                  .map(one -> one.substring(prefix.length(), prefix.length() + 1))
                  .distinct()
                  .collect(Collectors.joining());
          if (!next.equals("/")) {
            line(text, "deny " + below + prefix + "[^" + next + "]** " + rights);
          }
        });
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
