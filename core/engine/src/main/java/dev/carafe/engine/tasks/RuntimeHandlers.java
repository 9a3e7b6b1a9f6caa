package dev.carafe.engine.tasks;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Which runtime plugin runs what: the handlers of the configuration ({@code [runtimes.NAME]}) by
 * name. {@code io.containerd.runc.v2} and its kin stand for the handler {@code runc}, which always
 * exists.
 */
public final class RuntimeHandlers {
  /** The handler that runs what names none. */
  public static final String DEFAULT = "runc";

  private final Map<String, TaskRuntime> runtimes;
  private final Map<String, Handler> handlers;

  /**
   * One handler.
   *
   * @param plugin id of the runtime plugin
   * @param options of its table, for example {@code binary}
   */
  public record Handler(String plugin, RuntimeOptions options) {}

  /** A handler with its plugin, ready to be called. */
  public record Resolved(String plugin, TaskRuntime runtime, RuntimeOptions options) {}

  public RuntimeHandlers(Map<String, TaskRuntime> runtimes, Map<String, Handler> configured) {
    this.runtimes = Map.copyOf(runtimes);
    Map<String, Handler> all = new HashMap<>(configured);
    all.putIfAbsent(DEFAULT, new Handler("oci", new RuntimeOptions(Map.of("binary_name", "runc"))));
    this.handlers = Map.copyOf(all);
  }

  /** Names of the handlers, sorted. */
  public Iterable<String> names() {
    return new TreeSet<>(handlers.keySet());
  }

  /**
   * Finds what runs containers of a runtime name.
   *
   * @param options overlaid on the handler's
   * @throws NotFoundException if there is no such handler, or its plugin is not healthy
   */
  public Resolved resolve(String name, RuntimeOptions options) {
    String handlerName =
        switch (name) {
          case "",
              "io.containerd.runc.v2",
              "io.containerd.runc.v1",
              "io.containerd.runtime.v1.linux" ->
              DEFAULT;
          default -> name;
        };
    Handler handler = handlers.get(handlerName);
    if (handler == null) {
      throw new NotFoundException("runtime \"" + name + "\": not found; configured: " + names());
    }
    Map<String, Object> merged = new HashMap<>(handler.options().values());
    merged.putAll(options.values());
    return new Resolved(handler.plugin(), plugin(handler.plugin()), new RuntimeOptions(merged));
  }

  /**
   * A runtime plugin by id.
   *
   * @throws NotFoundException if it is not healthy
   */
  public TaskRuntime plugin(String id) {
    TaskRuntime runtime = runtimes.get(id);
    if (runtime == null) {
      throw new NotFoundException("runtime plugin \"" + id + "\": not found");
    }
    return runtime;
  }
}
