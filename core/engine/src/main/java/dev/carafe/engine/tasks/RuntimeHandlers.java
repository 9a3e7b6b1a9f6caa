package dev.carafe.engine.tasks;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which runtime plugin runs what. A workload that is trusted names no runtime, or {@code runc}: it
 * takes the default path, the OCI command line runtime, whatever {@code [runtimes.runc]} says. A
 * name that a client asks for is, in this order:
 *
 * <ol>
 *   <li>a handler of the configuration ({@code [runtimes.NAME]}); {@code runc} always exists
 *   <li>{@code io.containerd.runc.v2} and its kin: the shim plugin where that shim is installed,
 *       else the handler {@code runc}
 *   <li>the name of another shim ({@code io.containerd.NAME.VERSION}) or the absolute path of its
 *       program: the shim plugin
 * </ol>
 */
public final class RuntimeHandlers {
  /** The handler that runs what names none. */
  public static final String DEFAULT = "runc";

  /** The default path: it is the same whatever else is installed. */
  private static final Handler COMMAND_LINE =
      new Handler("oci", new RuntimeOptions(Map.of("binary_name", "runc")));

  private static final Logger LOG = LoggerFactory.getLogger(RuntimeHandlers.class);

  /** Id of the plugin that runs containers in shims. */
  public static final String SHIM_PLUGIN = "shim";

  private static final String RUNC_SHIM = "io.containerd.runc.v2";
  private static final Set<String> RUNC_NAMES =
      Set.of(RUNC_SHIM, "io.containerd.runc.v1", "io.containerd.runtime.v1.linux");
  private static final Pattern SHIM_NAME =
      Pattern.compile("/.+|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){2,}");

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
    this.runtimes = runtimes;
    Map<String, Handler> all = new HashMap<>(configured);
    Handler trusted = all.putIfAbsent(DEFAULT, COMMAND_LINE);
    if (trusted != null && !trusted.plugin().equals(COMMAND_LINE.plugin())) {
      LOG.warn(
          "runtime \"{}\": its table names the plugin \"{}\", which is ignored: what is trusted is"
              + " run by the OCI command line runtime",
          DEFAULT,
          trusted.plugin());
      all.put(DEFAULT, COMMAND_LINE);
    }
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
    Handler handler = handler(name);
    Map<String, Object> merged = new HashMap<>(handler.options().values());
    merged.putAll(options.values());
    return new Resolved(
        handler.plugin(), plugin(handler.plugin()), new RuntimeOptions(merged, options.original()));
  }

  private Handler handler(String name) {
    Handler configured = handlers.get(name.isEmpty() ? DEFAULT : name);
    if (configured != null) {
      return configured;
    }
    if (RUNC_NAMES.contains(name)) {
      Handler shim = shim(RUNC_SHIM);
      TaskRuntime plugin = runtimes.get(SHIM_PLUGIN);
      return plugin != null && plugin.isInstalled(shim.options())
          ? shim
          : Objects.requireNonNull(handlers.get(DEFAULT));
    }
    if (runtimes.containsKey(SHIM_PLUGIN) && SHIM_NAME.matcher(name).matches()) {
      return shim(name);
    }
    throw new NotFoundException("runtime \"" + name + "\": not found; configured: " + names());
  }

  private static Handler shim(String name) {
    return new Handler(SHIM_PLUGIN, new RuntimeOptions(Map.of("shim", name)));
  }

  /** The runtime plugins that are healthy, by id. */
  Map<String, TaskRuntime> plugins() {
    return runtimes;
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
