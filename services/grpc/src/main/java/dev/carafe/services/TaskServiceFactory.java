package dev.carafe.services;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Opens the task manager and takes up what an earlier daemon left running. */
@CarafePlugin
public final class TaskServiceFactory
    implements PluginFactory<TaskService, TaskServiceFactory.Config> {
  /**
   * What runs containers.
   *
   * @param handlers by the name that clients ask for; the table {@code [runtimes]}
   */
  public record Config(Map<String, Handler> handlers) {
    public Config {
      handlers = Map.copyOf(handlers);
    }
  }

  /**
   * A runtime handler.
   *
   * @param version empty for the OCI command line runtime; {@code v2} for the library interface
   * @param binary name or path of an OCI command line runtime
   * @param plugin id of the runtime plugin, where it is not the default
   * @param options by the wire's field names of {@code containerd.runc.v1.Options}
   */
  public record Handler(String version, String binary, String plugin, Map<String, Object> options) {
    static final Handler DEFAULT = new Handler("", "runc", "", Map.of());

    public Handler {
      options = Map.copyOf(options);
      if (!version.isEmpty() && !version.equals("v2")) {
        throw new InvalidArgumentException("version: \"" + version + "\" is none of \"\", \"v2\"");
      }
      if (version.equals("v2") && plugin.isEmpty()) {
        throw new InvalidArgumentException(
            "plugin: must name a runtime plugin where version is \"v2\"");
      }
    }

    RuntimeHandlers.Handler resolve() {
      Map<String, Object> values = new HashMap<>(options);
      if (version.isEmpty() && !binary.isEmpty()) {
        values.putIfAbsent("binary_name", binary);
      }
      return new RuntimeHandlers.Handler(
          plugin.isEmpty() ? "oci" : plugin, new RuntimeOptions(values));
    }
  }

  @Override
  public PluginDeclaration<TaskService, Config> declaration() {
    return new PluginDeclaration<>(
        TaskService.TYPE,
        "tasks-service",
        List.of(Metadata.TYPE, PluginTypes.TASK_RUNTIME, PluginTypes.EVENT_BUS),
        List.of(PluginTypes.SANDBOX_CONTROLLER),
        false,
        new Config(Map.of(RuntimeHandlers.DEFAULT, Handler.DEFAULT)));
  }

  @Override
  public TaskService create(PluginContext context, Config config) {
    Map<String, RuntimeHandlers.Handler> configured = new HashMap<>();
    config.handlers().forEach((name, handler) -> configured.put(name, handler.resolve()));
    RuntimeHandlers handlers =
        new RuntimeHandlers(context.requireAll(PluginTypes.TASK_RUNTIME), configured);
    TaskManager manager =
        new TaskManager(
            context.require(Metadata.TYPE),
            handlers,
            context.wanted(PluginTypes.SANDBOX_CONTROLLER),
            RuntimeOptionsProtos::decode,
            context.require(PluginTypes.EVENT_BUS),
            context.state());
    manager.recover();
    context.uses(PluginTypes.TASK_RUNTIME, manager::uses);
    return new Running(manager, handlers);
  }

  private record Running(TaskManager manager, RuntimeHandlers handlers)
      implements TaskService, AutoCloseable {
    @Override
    public void close() {
      manager.close();
    }
  }
}
