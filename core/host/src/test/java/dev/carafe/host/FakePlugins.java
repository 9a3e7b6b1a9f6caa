package dev.carafe.host;

import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Plugins made of lambdas, for tests of the graph. */
final class FakePlugins {
  /** A contract of nothing much. */
  public interface Thing {
    @Direct
    String name();

    @Deadline(5)
    void touch();
  }

  /** A configuration of a plugin. */
  public record Settings(String configPath, int retries) {
    static final Settings DEFAULT = new Settings("/etc/x", 3);
  }

  static final PluginType<Thing> A = new PluginType<>("a.v1", Thing.class);
  static final PluginType<Thing> B = new PluginType<>("b.v1", Thing.class);
  static final PluginType<Thing> C = new PluginType<>("c.v1", Thing.class);

  private final List<Candidate> candidates = new ArrayList<>();
  final List<String> log = new ArrayList<>();

  /** A plugin as it is created and closed; both are logged. */
  final class LoggedThing implements Thing, AutoCloseable {
    private final String name;

    LoggedThing(String name) {
      this.name = name;
      note("create " + name);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void touch() {}

    @Override
    public void close() {
      note("close " + name);
    }
  }

  synchronized void note(String what) {
    log.add(what);
  }

  FakePlugins add(PluginType<Thing> type, String id, PluginType<?>... requires) {
    return add(type, id, false, (context, config) -> new LoggedThing(id), requires);
  }

  FakePlugins addFailing(
      PluginType<Thing> type, String id, boolean essential, PluginType<?>... requires) {
    return add(
        type,
        id,
        essential,
        (context, config) -> {
          throw new IllegalStateException("no luck");
        },
        requires);
  }

  FakePlugins add(
      PluginType<Thing> type,
      String id,
      boolean essential,
      BiFunction<PluginContext, Settings, Thing> create,
      PluginType<?>... requires) {
    return add(
        new PluginDeclaration<>(type, id, List.of(requires), essential, Settings.DEFAULT), create);
  }

  FakePlugins add(
      PluginDeclaration<Thing, Settings> declaration,
      BiFunction<PluginContext, Settings, Thing> create) {
    PluginFactory<Thing, Settings> factory =
        new PluginFactory<>() {
          @Override
          public PluginDeclaration<Thing, Settings> declaration() {
            return declaration;
          }

          @Override
          public Thing create(PluginContext context, Settings config) {
            return create.apply(context, config);
          }
        };
    String jar = "/jars/" + candidates.size() + ".jar";
    candidates.add(Candidate.of(factory, jar, false, List.of()));
    return this;
  }

  Discovery.Found found() {
    return new Discovery.Found(new ArrayList<>(), candidates, new ArrayList<>());
  }

  static DaemonConfig config(Path directory) {
    DaemonConfig defaults = DaemonConfig.DEFAULT;
    return new DaemonConfig(
        directory.resolve("root"),
        directory.resolve("state"),
        List.of(),
        List.of(),
        defaults.grpc(),
        defaults.backend(),
        defaults.metrics(),
        defaults.debug(),
        new DaemonConfig.PluginLimits(1, 1, 4, 4),
        defaults.runtimes(),
        Map.of(),
        Map.of(),
        Map.of());
  }
}
