package dev.carafe.integration;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is to differ from containerd; docs/compatibility.md has it, too. */
final class CtrDifferences {
  /** Commands that end as on containerd but complain in words of our own. */
  private static final Set<String> WORDS = words();

  /** Plugins that clients look for; each daemon has others, too. */
  private static final Pattern PLUGIN =
      Pattern.compile(
          "(io\\.containerd\\.(?:content|differ|gc|grpc|metadata|snapshotter)\\.v1)?"
              + " *(content|walking|scheduler|bolt|native|overlayfs|containers|diff|events|images"
              + "|leases|namespaces|snapshots|tasks"
              + "|version)( .*)?");

  private static final UnaryOperator<String> PLUGINS = CtrDifferences::plugins;
  private static final UnaryOperator<String> OPTIONS = CtrDifferences::options;
  private static final UnaryOperator<String> NATIVE =
      answer -> options(answer.replace("<snapshot>/fs", "<snapshot>"));

  /** Commands whose results differ, and what is left of them that must not. */
  private static final Map<String, UnaryOperator<String>> RESULTS =
      Map.ofEntries(
          Map.entry("plugins ls", PLUGINS),
          Map.entry("plugins ls -q type==io.containerd.snapshotter.v1", PLUGINS),
          Map.entry("plugins inspect-runtime", CtrDifferences::runtime),
          Map.entry("events", CtrDifferences::events),
          Map.entry("snapshots prepare --target <work>/target a1 <digest>", OPTIONS),
          Map.entry("snapshots mounts <work>/target a1", OPTIONS),
          Map.entry(
              "snapshots --snapshotter native prepare --target <work>/target p1 <digest>", NATIVE),
          Map.entry("snapshots --snapshotter native mounts <work>/target p1", NATIVE),
          Map.entry("images inspect --content <registry>/busybox:latest", CtrDifferences::labels));

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
    UnaryOperator<String> result = RESULTS.get(name);
    String their = result == null ? theirs : result.apply(theirs);
    String own = result == null ? ours : result.apply(ours);
    if (WORDS.contains(name)) {
      return withoutComplaint(their).equals(withoutComplaint(own));
    }
    return code(their).equals(code(own));
  }

  /** The exit code, and of each plugin that counts its state. */
  private static String plugins(String answer) {
    List<String> lines = answer.lines().toList();
    return lines.getFirst()
        + lines.stream()
            .skip(1)
            .map(PLUGIN::matcher)
            .filter(Matcher::matches)
            .map(plugin ->
                plugin.group(1)
                    + " "
                    + plugin.group(2)
                    + String.valueOf(plugin.group(3)).replaceFirst("  .*  ", " "))
            .sorted()
            .toList();
  }

  /** The OCI runtime's features; there is no shim here that it could be the name of. */
  private static String runtime(String answer) {
    return answer.replaceAll("(?m)^ *\"(Name|Version|Revision)\": .*$", "");
  }

  /** Options of mounts come in containerd 1.6's order, also for containerd 2's clients. */
  private static String options(String answer) {
    return Pattern.compile("(?<= -o |\"options\":\\[)[^\\]\\s]+")
        .matcher(answer)
        .replaceAll(options ->
            Matcher.quoteReplacement(
                Stream.of(options.group().split(",")).sorted().collect(Collectors.joining(","))));
  }

  /**
   * Changes of a namespace come in that namespace, as in containerd 2. A shim tells of a deletion
   * when it has the time, at times after everything else.
   */
  private static String events(String answer) {
    return options(answer)
        .replace("<namespace> /namespaces/", "<namespace>-event /namespaces/")
        .lines()
        .filter(line -> !line.contains("/tasks/delete"))
        .sorted()
        .collect(Collectors.joining("\n"));
  }

  /** ctr shows labels in an order of chance. */
  private static String labels(String answer) {
    return Pattern.compile("(?m)(^[^\\n]*\"containerd\\.io/[^\\n]*\\n)+")
        .matcher(answer)
        .replaceAll(labels ->
            Matcher.quoteReplacement(
                labels.group().lines().sorted().collect(Collectors.joining("\n", "", "\n"))));
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
