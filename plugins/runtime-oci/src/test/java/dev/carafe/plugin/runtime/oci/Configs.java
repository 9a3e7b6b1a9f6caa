package dev.carafe.plugin.runtime.oci;

import dev.carafe.plugin.resources.cgroup.CgroupfsFactory;
import dev.carafe.plugin.resources.cgroup.SystemdFactory;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Configurations for tests. */
final class Configs {
  /** Those of the package; what they hold open is open from the beginning. */
  static final Map<String, ResourceManager> RESOURCES =
      Map.of(
          "cgroupfs",
              begun(new CgroupfsFactory().create(new NoContext(), new CgroupfsFactory.None())),
          "systemd",
              begun(new SystemdFactory().create(new NoContext(), new SystemdFactory.None())));

  private Configs() {}

  /** A sandbox that counts what the configurations hold open as open before. */
  static RuntimeSandbox sandbox() throws IOException {
    return new RuntimeSandbox();
  }

  private static ResourceManager begun(ResourceManager manager) {
    try {
      Path directory = Files.createTempDirectory("group");
      Path events = Files.createFile(directory.resolve("memory.events"));
      manager
          .reopen(new GroupPlace(true, Map.of("", directory.toString())))
          .onOom(() -> {})
          .close();
      Files.delete(events);
      Files.delete(directory);
      return manager;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static OciRuntimeConfig with(String binary, Duration drain) {
    var d = OciRuntimeConfig.DEFAULT;
    return new OciRuntimeConfig(
        binary,
        d.conmon(),
        d.root(),
        d.systemdCgroup(),
        d.resourceManager(),
        d.noPivotRoot(),
        d.noNewKeyring(),
        Duration.ofSeconds(30),
        d.commandTimeout(),
        drain);
  }

  /** For plugins that ask for nothing. */
  private record NoContext() implements PluginContext {
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
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }
}
