package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.testkit.check.CheckOptions;
import dev.carafe.testkit.check.PluginCheck;
import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.Outcome.Result;
import dev.carafe.testkit.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the test kit's program says of jars, and what the SPI's processor says of sources. */
class PluginCheckTest {
  @TempDir private Path work;

  private PluginJar bus() {
    BusSource source = BusSource.named("checked");
    return new PluginJar(work.resolve("sources")).source(source.className(), source.code());
  }

  private Report check(PluginJar jar) throws IOException {
    Path built = jar.build(work.resolve("plugin.jar"));
    return PluginCheck.run(CheckOptions.of(built)).getFirst();
  }

  /** Ids of the package's checks that failed. */
  private static List<String> failed(Report report) {
    return report.outcomes().stream()
        .filter(outcome -> outcome.result() == Result.FAILED)
        .map(Outcome::id)
        .filter(id -> id.startsWith("PACK-"))
        .toList();
  }

  @Test
  void theSuiteOfItsKindIsRunOnTheJar() throws IOException {
    // When
    Report report = check(bus());

    // Then: this bus knows no subscribers
    assertEquals("io.containerd.event.v1.checked", report.plugin());
    assertEquals(List.of(), failed(report));
    assertTrue(
        report.outcomes().stream()
            .anyMatch(outcome ->
                outcome.id().equals("EVENT-ORDER-01")
                    && outcome.result() == Result.FAILED
                    && outcome.reason().contains("nobody publishes here")),
        report::markdown);
  }

  @Test
  void aJarWithoutAnIndexIsFound() throws IOException {
    List<String> failed = failed(check(bus().withoutIndex()));
    assertTrue(failed.containsAll(List.of("PACK-01", "PACK-02", "PACK-04")), failed::toString);
  }

  @Test
  void aCopyOfTheSpiIsFound() throws IOException {
    assertEquals(List.of("PACK-03"), failed(check(bus().withSpi())));
  }

  @Test
  void aJarForAnotherSpiIsFound() throws IOException {
    String index = "# carafe-spi 99.0.0\nvendor.CheckedFactory\n";
    assertEquals(
        List.of("PACK-02"), failed(check(bus().resource("META-INF/extensions.idx", index))));
  }

  @Test
  void anIndexThatNamesWhatIsNotThereIsFound() throws IOException {
    String index = "# carafe-spi 0.1.0\nvendor.Missing\n";
    List<String> failed = failed(check(bus().resource("META-INF/extensions.idx", index)));
    assertTrue(failed.containsAll(List.of("PACK-01", "PACK-04")), failed::toString);
  }

  @Test
  void aPluginThatDoesNotStartIsFound() throws IOException {
    BusSource source =
        BusSource.named("checked").creating("if (true) throw new IllegalStateException(\"no\");");
    Report report =
        check(new PluginJar(work.resolve("sources")).source(source.className(), source.code()));
    assertEquals(List.of("PACK-06"), failed(report));
    assertFalse(report.outcomes().stream().anyMatch(o -> o.id().startsWith("EVENT-")));
  }

  @Test
  void theReportIsForPeopleAndPrograms() throws IOException {
    check(bus()).write(work.resolve("report"));

    Path report = work.resolve("report/io.containerd.event.v1.checked");
    String markdown = Files.readString(Path.of(report + ".md"));
    assertTrue(
        markdown.contains("| PACK-01 | its index names classes that it has | passed |"), markdown);
    assertTrue(Files.readString(Path.of(report + ".json")).contains("\"spi\" : \""));
  }

  @Test
  void theProgramSaysByItsCodeWhatCameOut() throws Exception {
    Path jar = bus().build(work.resolve("plugin.jar"));
    assertEquals(2, program("check"));
    assertEquals(2, program("check", work.resolve("none.jar").toString()));
    assertEquals(2, program("check", jar.toString(), "--color"));
    assertEquals(1, program("check", jar.toString()));
  }

  private static int program(String... args) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.carafe.testkit.check.Main"));
    command.addAll(List.of(args));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertTrue(process.waitFor(60, java.util.concurrent.TimeUnit.SECONDS));
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void theProcessorRefusesWhatTheDaemonCouldNotMake() {
    String good = BusSource.named("checked").code();
    Stream.of(
            List.of("public class Checked", "class Checked", "is not public"),
            List.of("public class Checked", "public abstract class Checked", "is no class that"),
            List.of(
                "public record Config",
                "public CheckedFactory(int number) {}\n  public record Config",
                "has no public constructor without arguments"))
        .forEach(mistake -> {
          String code = good.replaceFirst(mistake.get(0), mistake.get(1));
          PluginJar jar =
              new PluginJar(work.resolve(mistake.get(2).replace(' ', '-')))
                  .source("vendor.CheckedFactory", code);
          AssertionError refused =
              assertThrows(AssertionError.class, () -> jar.build(work.resolve("x.jar")));
          assertTrue(
              String.valueOf(refused.getMessage()).contains(mistake.get(2)), refused::getMessage);
        });
  }
}
