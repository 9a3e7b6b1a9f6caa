package dev.carafe.plugin.resources.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.testkit.resources.ResourceManagerConformance;
import dev.carafe.testkit.resources.ResourceManagerHarness;
import dev.carafe.testkit.runtimes.Await;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The whole suite on scopes that systemd makes, where it runs. */
class SystemdConformanceTest extends ResourceManagerConformance {
  private static final List<String> MANAGER =
      List.of(
          "busctl",
          "call",
          "org.freedesktop.systemd1",
          "/org/freedesktop/systemd1",
          "org.freedesktop.systemd1.Manager");

  @BeforeAll
  static void systemdRuns() {
    Assumptions.assumeTrue(
        Files.isDirectory(Path.of("/run/systemd/system"))
            && Files.isExecutable(Path.of("/usr/bin/busctl")),
        "systemd does not run here");
  }

  @Override
  protected ResourceManagerHarness harness() {
    return new ResourceManagerHarness() {
      @Override
      public ResourceManager open() {
        return CgroupManager.open(new SystemdPaths());
      }

      @Override
      public void begin(String path, long pid) throws Exception {
        String[] parts = path.split(":");
        String unit = parts[1] + "-" + parts[2] + ".scope";
        List<String> properties =
            ("Slice s %s PIDs au 1 %d Delegate b true MemoryAccounting b true TasksAccounting b true")
                .formatted(parts[0], pid)
                .transform(text -> List.of(text.split(" ")));
        var arguments =
            new ArrayList<>(List.of("StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "5"));
        arguments.addAll(properties);
        arguments.add("0");
        Answer answer = call(arguments);
        assertEquals(0, answer.code(), answer.said());
        Await.until(
            () -> "pid " + pid + " in " + unit,
            () -> Files.readString(Path.of("/proc/" + pid + "/cgroup")).contains(unit));
      }

      @Override
      public void end(String parent) throws Exception {
        // It says no where there is no such slice.
        call(List.of("StopUnit", "ss", Slices.ofPath(parent), "replace"));
      }
    };
  }

  private record Answer(int code, String said) {}

  private static Answer call(List<String> arguments) throws Exception {
    var command = new ArrayList<>(MANAGER);
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Answer(process.waitFor(), said);
  }
}
