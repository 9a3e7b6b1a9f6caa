package dev.carafe.testkit.check;

import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.Outcome.Result;
import dev.carafe.testkit.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * {@code java -jar carafe-testkit.jar check JAR}: exit code 0, 1 if a check failed, 2 for misuse.
 */
public final class Main {
  private static final String USAGE =
      """
      usage: java -jar carafe-testkit.jar check JAR [OPTION...]

        --config KEY=VALUE   a key of the plugin's table; VALUE as TOML has it, or plain text
        --declines A,B       behaviours that the plugin declines
        --tests PATH         a folder or jar with subclasses of suites, for kinds that need samples
        --report DIR         writes TYPE.ID.md and TYPE.ID.json
        --strict             a check that is skipped counts as failed
      """;

  // Held: the level of a logger that nobody holds is forgotten.
  private static final Logger FINDER = Logger.getLogger("org.pf4j");

  private Main() {}

  /** Checks a jar and ends the process. */
  public static void main(String[] args) {
    FINDER.setLevel(Level.WARNING);
    // Suites and plugins may print what they like; what this program says comes last, on its own.
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.exit(run(List.of(args), out));
  }

  static int run(List<String> args, PrintStream out) {
    try {
      CheckOptions options = parse(args);
      boolean failed = false;
      for (Report report : PluginCheck.run(options)) {
        print(report, out);
        if (options.report() != null) {
          report.write(options.report());
        }
        failed |= report.count(Result.FAILED) > 0;
        failed |= options.strict() && report.count(Result.SKIPPED) > 0;
      }
      return failed ? 1 : 0;
    } catch (UsageException e) {
      out.println(e.getMessage());
      return 2;
    } catch (IOException e) {
      out.println("report: " + e);
      return 2;
    }
  }

  private static void print(Report report, PrintStream out) {
    for (Outcome outcome : report.outcomes()) {
      if (outcome.result() != Result.PASSED) {
        out.println(
            outcome.result()
                + " "
                + outcome.id()
                + " "
                + outcome.claim()
                + ": "
                + outcome.reason());
      }
    }
    out.println(report.plugin() + ": " + report.summary());
  }

  private static CheckOptions parse(List<String> args) {
    if (args.size() < 2 || !args.getFirst().equals("check") || args.get(1).startsWith("--")) {
      throw new UsageException(USAGE);
    }
    Map<String, String> config = new LinkedHashMap<>();
    Set<String> declines = new LinkedHashSet<>();
    List<Path> tests = new ArrayList<>();
    @Nullable Path report = null;
    boolean strict = false;
    for (int i = 2; i < args.size(); i++) {
      String option = args.get(i);
      if (option.equals("--strict")) {
        strict = true;
        continue;
      }
      if (i + 1 == args.size()) {
        throw new UsageException(option + ": unknown, or without a value\n" + USAGE);
      }
      String value = args.get(++i);
      switch (option) {
        case "--config" -> {
          int equals = value.indexOf('=');
          if (equals < 1) {
            throw new UsageException("--config \"" + value + "\" is not KEY=VALUE");
          }
          config.put(value.substring(0, equals), value.substring(equals + 1));
        }
        case "--declines" -> declines.addAll(List.of(value.split(",")));
        case "--tests" -> tests.add(Path.of(value));
        case "--report" -> report = Path.of(value);
        default -> throw new UsageException(option + ": unknown\n" + USAGE);
      }
    }
    return new CheckOptions(Path.of(args.get(1)), config, declines, tests, strict, report);
  }
}
