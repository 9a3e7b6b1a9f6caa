package dev.carafe.plugin.runtime.wasm;

import dev.carafe.plugin.mounts.RootFileSystemsFactory;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import dev.carafe.testkit.runtimes.TestPrograms;
import dev.carafe.testkit.runtimes.WasmPrograms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Runtimes as the daemon makes them, by their factory. */
final class TestRuntimes {
  static final WasmConfig COMPILED = WasmConfig.DEFAULT;
  static final WasmConfig INTERPRETED = new WasmConfig(32, 0, 32, false);

  private TestRuntimes() {}

  static WasmRuntime open(WasmConfig config) {
    return (WasmRuntime) new WasmRuntimeFactory().create(new Context(), config);
  }

  static TaskRuntimeHarness harness(WasmConfig config) {
    return new TaskRuntimeHarness() {
      @Override
      public TaskRuntime open(Path state) {
        return TestRuntimes.open(config);
      }

      @Override
      public TestPrograms programs(Path image) throws IOException {
        return new WasmPrograms(image);
      }

      @Override
      public Set<Behaviour> declines() {
        return EnumSet.of(
            Behaviour.EXIT_TELLS_OUT_OF_MEMORY,
            Behaviour.COUNTS_MEMORY_KILLS,
            Behaviour.SURVIVES_DAEMON,
            Behaviour.PROCESSES,
            Behaviour.EXEC,
            Behaviour.TERMINAL,
            Behaviour.HANDLES_SIGNALS,
            Behaviour.CONTROL_GROUPS,
            Behaviour.KILLS_FOR_MEMORY,
            Behaviour.PORTS,
            Behaviour.LOGGING_BINARY);
      }
    };
  }

  private record Context() implements PluginContext {
    private static final RootFileSystems ROOTS =
        new RootFileSystemsFactory().create(new Context(), new RootFileSystemsFactory.Config());

    @Override
    public Path root() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Path state() {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> T require(PluginType<T> type) {
      return type.contract().cast(ROOTS);
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      return Map.of("kernel", require(type));
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }
}
