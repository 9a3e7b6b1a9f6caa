package dev.carafe.integration;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** What is to differ from containerd; docs/compatibility.md has it, too. */
final class CtrDifferences {
  /** Commands that end as on containerd but complain in words of our own. */
  private static final Set<String> WORDS = words();

  private static final String PLUGINS = "the plugins are others";
  private static final String OPTION_ORDER = "mount options come in containerd 1.6's order";
  private static final String NATIVE =
      "a native snapshot has its files in fs, the other options' order";
  private static final String CONTROLLER = "the words of a missing sandbox controller or sandbox";
  private static final String EXPORTED =
      "an export says nothing of the registry an image came from";

  /** Commands whose results differ, and why. */
  private static final Map<String, String> RESULTS =
      Map.ofEntries(
          Map.entry("plugins ls", PLUGINS),
          Map.entry("plugins ls -q type==io.containerd.snapshotter.v1", PLUGINS),
          Map.entry("plugins inspect-runtime", "containers run in the OCI runtime, without a shim"),
          Map.entry(
              "events",
              "containers/create lacks the runtime's options; events of namespaces carry the namespace"
                  + " that they are about, as in containerd 2; "
                  + OPTION_ORDER),
          Map.entry("snapshots prepare --target <work>/target a1 <digest>", OPTION_ORDER),
          Map.entry("snapshots mounts <work>/target a1", OPTION_ORDER),
          Map.entry(
              "snapshots --snapshotter native prepare --target <work>/target p1 <digest>", NATIVE),
          Map.entry("snapshots --snapshotter native mounts <work>/target p1", NATIVE),
          Map.entry(
              "snapshots info <digest>", "a snapshot does not keep containerd.io/snapshot.ref"),
          Map.entry("sandboxes rm s1", CONTROLLER),
          Map.entry("sandboxes rm --force s1", CONTROLLER),
          Map.entry("sandboxes rm absent", CONTROLLER),
          Map.entry("index.json of whole", EXPORTED),
          Map.entry("index.json of bare", EXPORTED),
          Map.entry("images ls (3)", EXPORTED),
          Map.entry(
              "images import --local --index-name example.com/index:2 <work>/whole.tar", EXPORTED),
          Map.entry(
              "images inspect --content <registry>/busybox:latest", "labels in another order"));

  private CtrDifferences() {}

  private static Set<String> words() {
    try (InputStream in = CtrDifferences.class.getResourceAsStream("/ctr-own-words.txt")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether a command ended as it is to. */
  static boolean same(String command, String theirs, String ours) {
    String name = command.replaceAll("sha256:[0-9a-f]{64}", "<digest>").replaceAll("x{100,}", "x*");
    if (RESULTS.containsKey(name)) {
      return exit(theirs).equals(exit(ours));
    }
    if (WORDS.contains(name)) {
      return withoutComplaint(theirs).equals(withoutComplaint(ours));
    }
    return code(theirs).equals(code(ours));
  }

  private static String exit(String answer) {
    return answer.lines().findFirst().orElse("");
  }

  /** Names of codes at the end of a message come and go with the version. */
  private static String code(String answer) {
    return answer.replaceAll(
        "(?m)(: (failed precondition|not found|already exists|unavailable|invalid argument"
            + "|not implemented|unknown))+$",
        "");
  }

  private static String withoutComplaint(String answer) {
    int end = answer.indexOf(CtrScript.SEPARATOR);
    return end < 0 ? answer : answer.substring(0, end);
  }
}
