package dev.carafe.testkit.check;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is checked, and how.
 *
 * @param jar the plugin
 * @param config keys of the plugin's table, and values as TOML has them or as plain text
 * @param declines behaviours that the plugin declines, beside those that its jar names
 * @param tests directories or jars with subclasses of suites, to be run on the jar's classes where
 *     the kit has no suite that a directory is enough for
 * @param strict whether a check that is skipped counts as failed
 * @param report where reports are written; null for nowhere
 */
public record CheckOptions(
    Path jar,
    Map<String, String> config,
    Set<String> declines,
    List<Path> tests,
    boolean strict,
    @Nullable Path report) {
  public CheckOptions {
    config = Map.copyOf(config);
    declines = Set.copyOf(declines);
    tests = List.copyOf(tests);
  }

  /** A jar and nothing else. */
  public static CheckOptions of(Path jar) {
    return new CheckOptions(jar, Map.of(), Set.of(), List.of(), false, null);
  }

  /** Keys of the plugin's table. */
  public CheckOptions withConfig(Map<String, String> values) {
    return new CheckOptions(jar, values, declines, tests, strict, report);
  }

  /** Behaviours that the plugin declines. */
  public CheckOptions declining(Set<String> behaviours) {
    return new CheckOptions(jar, config, behaviours, tests, strict, report);
  }

  /** Where subclasses of suites are. */
  public CheckOptions withTests(List<Path> places) {
    return new CheckOptions(jar, config, declines, places, strict, report);
  }
}
