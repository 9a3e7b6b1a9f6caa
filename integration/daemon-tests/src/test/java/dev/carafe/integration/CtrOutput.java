package dev.carafe.integration;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What two daemons may print differently: times, their directories, numbers of processes, ids that
 * the client makes up. Each rule takes one such thing out and no more.
 */
final class CtrOutput {
  private static final Map<Pattern, String> RULES = new LinkedHashMap<>();

  static {
    rule("\\x1b\\[[0-9;?]*[A-Za-z]", "");
    rule("\\r", "");
    rule("\\^@", "");
    // Progress is shown as often as there is time for.
    rule("(?m)^.*(elapsed: +[0-9.]+ ?s|already exists|[|][+-]+[|]).*\\R", "");
    rule("(?m)^(.*\\S)?\\t(waiting|complete|exists|extracting|done)\\t *\\R", "");
    rule(
        "(?m)^(application/vnd\\.\\S+ sha256:[0-9a-f]+|resolving|Pulling|Pushing|Importing).*\\R",
        "");
    rule("(?m)^(manifest|index|├──|└──|│| +├──| +└──).*\\R", "");
    // ctr 1.6's view of progress complains of being ended.
    rule("(?m)^time=.*failed to get content info.*context canceled.*\\R", "");
    rule("(?m)^time=.*active check failed.*context canceled.*\\R", "");
    rule("done: [0-9.]+[mµn]?s", "done: <time>");
    rule("127\\.0\\.0\\.1:\\d+", "<registry>");
    rule("it\\d+x\\d+", "<namespace>");
    rule("<namespace>-(theirs|ours)/", "<repository>/");
    rule("\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?( \\+0000 UTC|Z)?", "<time>");
    rule("\\b(\\d+ seconds?|Less than a second|About a minute)( ago)?\\b", "<time>");
    rule("\"(seconds|nanos)\":\\d+", "<time>");
    rule("(?m)^( *(Version|Revision|UUID|Go version): +).*$", "$1<version>");
    rule("(?m)^WARNING: (version|revision) mismatch\\R*", "");
    // Directories of snapshots carry numbers.
    rule("<home>/[a-z/.0-9]*(overlayfs|native)/snapshots/\\d+", "<snapshot>");
    rule("<home>/[a-z/.0-9]*task[a-z/.0-9]*<namespace>", "<bundles>");
    rule("containerd-mount\\d+", "<mount>");
    rule("0x[0-9a-f]+", "<address>");
    // Numbers of processes.
    rule("(?m)^(\\S+ +)\\d+( +(RUNNING|PAUSED|STOPPED|CREATED) *)$", "$1<pid>$2");
    rule("(?m)^\\d+( +(-|exec_id:\"[a-z0-9]+\"|&ProcessDetails.*))$", "<pid>$1");
    rule("\"pid\":\\d+", "\"pid\":<pid>");
    rule("\"(pid|uuid)\": .*", "\"$1\": <own>");
    rule("/run/containerd/fifo/\\d+", "<fifos>");
    rule("\"bundle\":\"[^\"]*\"", "\"bundle\":<bundle>");
    // Files of a layer; what stands for a removed one has no time here.
    rule("(?m)\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d(?= )", "<time>");
    // Columns are as wide as what is in them.
    rule("[ \\t]{2,}|\\t", "  ");
    rule("(?m) +$", "");
    rule("(?m)^.* (saved|fetching image content|pushed content|pushing content|resolved)\\R", "");
  }

  /** Labels are shown in an order of chance. */
  private static final Pattern LABELS =
      Pattern.compile("(?m)[^ ,=\\n]+=[^ ,\\n]*(,[^ ,=\\n]+=[^ ,\\n]*)+$");

  /** Processes are in the order of their numbers, which begin anew after the highest one. */
  private static final Pattern PROCESSES = Pattern.compile("(?m)(^<pid> .*\\n)+");

  private final Path home;
  private final Path work;

  CtrOutput(Path home, Path work) {
    this.home = home;
    this.work = work;
  }

  private static void rule(String pattern, String replacement) {
    RULES.put(Pattern.compile(pattern), replacement);
  }

  private static String sorted(String labels) {
    return Matcher.quoteReplacement(
        Stream.of(labels.split(",")).sorted().collect(Collectors.joining(",")));
  }

  private static String sortedLines(String lines) {
    return Matcher.quoteReplacement(
        lines.lines().sorted().map(line -> line + "\n").collect(Collectors.joining()));
  }

  /** The text without what may differ. */
  String plain(String text) {
    String plain = text.replace(work.toString(), "<work>").replace(home.toString(), "<home>");
    for (Map.Entry<Pattern, String> rule : RULES.entrySet()) {
      plain = rule.getKey().matcher(plain).replaceAll(rule.getValue());
    }
    plain = PROCESSES.matcher(plain).replaceAll(lines -> sortedLines(lines.group()));
    return LABELS.matcher(plain).replaceAll(labels -> sorted(labels.group()));
  }
}
