package dev.carafe.testkit.check;

import dev.carafe.host.PluginStatus;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.Outcome.Result;
import dev.carafe.testkit.report.Report;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * Checks a jar: how it is packed ({@code PACK-01} and following), then with the suite of each of
 * its plugins' kinds. Suites that need more than a directory to open a plugin over, such as samples
 * of an image format, are run from the author's own tests ({@link CheckOptions#tests}); where there
 * are none, the report says so.
 *
 * <p>What a plugin declines is named by the option or in the jar, by the key {@code declines} of
 * {@code META-INF/carafe-testkit.properties}; a snapshotter's capabilities are asked of itself.
 */
public final class PluginCheck {
  private static final String DECLARATIONS = "META-INF/carafe-testkit.properties";

  private PluginCheck() {}

  /**
   * Checks a jar.
   *
   * @return one report for each plugin in it; one for the jar if there is none
   */
  public static List<Report> run(CheckOptions options) {
    PackagedPlugin plugin =
        new PackagedPlugin(options.jar().toAbsolutePath().normalize(), options.config());
    Path work = temporary();
    try {
      PackageChecks packed = new PackageChecks(plugin);
      List<PluginStatus> plugins = packed.run(work);
      if (plugins.isEmpty()) {
        return List.of(new Report(name(options.jar()), List.of(), packed.outcomes()));
      }
      Set<String> declines = new TreeSet<>(options.declines());
      declines.addAll(declared(options.jar()));
      List<Report> reports = new ArrayList<>();
      for (PluginStatus status : plugins) {
        reports.add(suites(options, plugin, status, declines, packed.outcomes()));
      }
      return reports;
    } finally {
      Trees.delete(work);
    }
  }

  private static Report suites(
      CheckOptions options,
      PackagedPlugin plugin,
      PluginStatus status,
      Set<String> declines,
      List<Outcome> packed) {
    List<Outcome> outcomes = new ArrayList<>(packed);
    Subject subject = new Subject(plugin, status.type(), status.id(), declines);
    List<String> declined = subject.declined();
    if (status.error() == null) {
      List<Outcome> ran = new ArrayList<>();
      Optional<Class<?>> suite = Suites.of(status.type());
      if (suite.isPresent()) {
        ran.addAll(SuiteRunner.run(subject, suite.get()));
      } else if (!options.tests().isEmpty()) {
        ran.addAll(SuiteRunner.runTests(subject, options.tests()));
      }
      outcomes.addAll(ran);
      if (ran.isEmpty()) {
        outcomes.add(
            new Outcome(
                "PACK-07",
                "the suite of its kind passes",
                Result.SKIPPED,
                "the suite of " + status.type() + " needs tests of yours: --tests PATH"));
      }
    }
    return new Report(status.uri(), declined, outcomes);
  }

  private static Set<String> declared(Path jar) {
    Set<String> declared = new TreeSet<>();
    try (JarFile file = new JarFile(jar.toFile())) {
      ZipEntry entry = file.getEntry(DECLARATIONS);
      if (entry != null) {
        Properties properties = new Properties();
        try (var in = file.getInputStream(entry)) {
          properties.load(in);
        }
        for (String name : properties.getProperty("declines", "").split("[,\\s]+")) {
          if (!name.isEmpty()) {
            declared.add(name);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return declared;
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("carafe-testkit-check-").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path jar) {
    return String.valueOf(jar.getFileName());
  }
}
