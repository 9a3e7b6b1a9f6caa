package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/**
 * The shims of this machine: the one on the PATH, and those that {@code CARAFE_TEST_SHIMS} names by
 * their programs, separated by colons.
 */
final class TestShims {
  private static final String VARIABLE = "CARAFE_TEST_SHIMS";

  /** Where runc keeps its state, apart from that of others on this machine. */
  private static final Path RUNC = Path.of(EventListener.ADDRESS).resolveSibling("runc");

  private TestShims() {}

  /** The shim on the PATH. */
  static Path installed() {
    var binaries = new ShimBinaries(List.of());
    Assumptions.assumeTrue(
        binaries.has(ShimBinaries.DEFAULT), "containerd-shim-runc-v2 is not on the PATH");
    return binaries.find(ShimBinaries.DEFAULT);
  }

  /** One of those in the variable. */
  static Path further(int number) {
    List<Path> further = further();
    Assumptions.assumeTrue(
        further.size() > number, VARIABLE + " names no program number " + (number + 1));
    return further.get(number);
  }

  private static List<Path> further() {
    String value = Objects.requireNonNullElse(System.getenv(VARIABLE), "");
    return List.of(value.split(":")).stream()
        .filter(path -> !path.isEmpty())
        .map(Path::of)
        .filter(Files::isExecutable)
        .toList();
  }

  static ShimRuntimeConfig config() {
    var d = ShimRuntimeConfig.DEFAULT;
    return new ShimRuntimeConfig(
        List.of(),
        EventListener.ADDRESS,
        "/bin/true",
        "",
        List.of(),
        d.debug(),
        d.startTimeout(),
        d.createTimeout(),
        d.callTimeout(),
        d.stateTimeout(),
        d.statsTimeout(),
        d.loadTimeout(),
        Duration.ofSeconds(10),
        d.shutdownTimeout());
  }

  static TaskRuntimeHarness harness(Path program) {
    return new TaskRuntimeHarness() {
      private Path last = Path.of("/");

      @Override
      public TaskRuntime open(Path state) {
        if (!last.equals(state)) {
          // What a check that failed left must not fail the next one.
          TreeRemover.remove(RUNC);
        }
        last = state;
        return new ShimRuntime(config(), state.resolveSibling("work"));
      }

      @Override
      public RuntimeOptions options() {
        return TestShims.options(program);
      }

      @Override
      public Set<Behaviour> declines() {
        return EnumSet.of(
            Behaviour.EXIT_TELLS_OUT_OF_MEMORY,
            Behaviour.COUNTS_MEMORY_KILLS,
            Behaviour.UNRECORDED_EXEC_IS_ENDED,
            Behaviour.STARTS_WITHOUT_READER,
            Behaviour.SIZE_BEFORE_START,
            Behaviour.SHARED_OUTPUT_IN_ORDER);
      }
    };
  }

  static RuntimeOptions options(Path program) {
    return new RuntimeOptions(
        Map.of(ShimOptions.SHIM, program.toString(), "root", RUNC.toString()));
  }
}
