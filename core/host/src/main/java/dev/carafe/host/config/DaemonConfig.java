package dev.carafe.host.config;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the daemon is told by its configuration files and flags. Keys in the file are the components
 * in snake_case; {@link ConfigLoader} reads it.
 */
public record DaemonConfig(
    @Description("Everything that survives a reboot: blobs, snapshots, records.") Path root,
    @Description("What a reboot empties: sockets, bundles, runtime state.") Path state,
    @Description(
            "Directories with third-party plugins, one jar each. Directories and jars must belong"
                + " to root and be writable for nobody else.")
        List<Path> pluginDirs,
    @Description("Plugins that are not started, as TYPE.ID.") List<String> disabledPlugins,
    Grpc grpc,
    Backend backend,
    Metrics metrics,
    Debug debug,
    PluginLimits pluginLimits,
    @Description("Runtime handlers: the name that a client asks for, and what answers to it.")
        Map<String, RuntimeHandler> runtimes,
    @Description(
            "Plugins that other processes serve: the name becomes the plugin's id; snapshotters,"
                + " content stores and differs.")
        Map<String, ProxyPlugin> proxyPlugins,
    @Description(
            "Programs that layers of some media types are sent through before they are unpacked:"
                + " standard input to standard output, one after the other until none accepts what"
                + " came out.")
        Map<String, StreamProcessor> streamProcessors,
    @Description("One table for each plugin, under its quoted name TYPE.ID.")
        Map<String, ConfigTable> plugins) {

  private static final Pattern LOOPBACK =
      Pattern.compile("(127(\\.[0-9]{1,3}){3}|localhost|\\[::1\\]):(0|[1-9][0-9]{0,4})");

  /** The configuration where no file and no flag says anything. */
  public static final DaemonConfig DEFAULT =
      new DaemonConfig(
          Path.of("/var/lib/carafe"),
          Path.of("/run/carafe"),
          List.of(Path.of("/usr/lib/carafe/plugins"), Path.of("/etc/carafe/plugins")),
          List.of(),
          Grpc.DEFAULT,
          Backend.DEFAULT,
          Metrics.DEFAULT,
          Debug.DEFAULT,
          PluginLimits.DEFAULT,
          Map.of("runc", RuntimeHandler.DEFAULT),
          Map.of(),
          Map.of(),
          Map.of());

  public DaemonConfig {
    requireAbsolute("root", root);
    requireAbsolute("state", state);
    pluginDirs = List.copyOf(pluginDirs);
    pluginDirs.forEach(directory -> requireAbsolute("plugin_dirs", directory));
    disabledPlugins = List.copyOf(disabledPlugins);
    runtimes = Map.copyOf(runtimes);
    proxyPlugins = Map.copyOf(proxyPlugins);
    streamProcessors = Map.copyOf(streamProcessors);
    plugins = Map.copyOf(plugins);
  }

  /**
   * A plugin's table as the plugin is to read it: what the file says, for the task service the
   * runtime handlers too, and for the layer processor the programs.
   *
   * @param runtimeIds id of the runtime plugin in each jar that a handler names; a jar that brought
   *     none is missing
   * @throws InvalidArgumentException if the file says under the plugin's name what belongs into
   *     {@code [runtimes]} or {@code [stream_processors]}
   */
  public ConfigTable pluginTable(String uri, Map<String, String> runtimeIds) {
    ConfigTable table = plugins.getOrDefault(uri, ConfigTable.EMPTY);
    return switch (uri) {
      case ConfigLoader.RUNTIMES_PLUGIN -> {
        requireAbsent(table, ConfigLoader.RUNTIMES_KEY, "runtimes");
        // The same map, not an equal one: comparing records for the first time costs 10 ms.
        yield runtimes == DEFAULT.runtimes
            ? table
            : with(table, uri, "runtimes", ConfigLoader.RUNTIMES_KEY, handlers(runtimeIds));
      }
      case ConfigLoader.PROCESSORS_PLUGIN -> {
        requireAbsent(table, ConfigLoader.PROCESSORS_KEY, "stream_processors");
        Map<String, Object> processors = new LinkedHashMap<>();
        streamProcessors.forEach((id, processor) -> processors.put(id, processor.forPlugin()));
        yield with(table, uri, "stream_processors", ConfigLoader.PROCESSORS_KEY, processors);
      }
      default -> table;
    };
  }

  private Map<String, Object> handlers(Map<String, String> runtimeIds) {
    Map<String, Object> handlers = new LinkedHashMap<>();
    runtimes.forEach((name, handler) -> {
      // Where the jar brought no plugin, its name is no plugin's id: the task service says so.
      String id = runtimeIds.getOrDefault(handler.jar(), handler.jar());
      handlers.put(name, handler.forTaskService(name, id));
    });
    return handlers;
  }

  private static void requireAbsent(ConfigTable table, String key, String belongs) {
    ConfigTable.Entry misplaced = table.get(key);
    if (misplaced != null) {
      throw new InvalidArgumentException(
          misplaced.place() + ": belongs into the table [" + belongs + "]");
    }
  }

  private static ConfigTable with(
      ConfigTable table, String uri, String origin, String key, Map<String, Object> values) {
    return values.isEmpty()
        ? table
        : table.overlaid(ConfigTable.of("[" + origin + "]", uri, Map.of(key, values)));
  }

  /** The same with other directories and another socket; null keeps what is there. */
  DaemonConfig with(ConfigLoader.Flags flags) {
    Path newRoot = flags.root() == null ? root : flags.root().toAbsolutePath().normalize();
    Path newState = flags.state() == null ? state : flags.state().toAbsolutePath().normalize();
    Grpc newGrpc =
        flags.address() == null ? grpc : new Grpc(flags.address().toAbsolutePath().normalize());
    return new DaemonConfig(
        newRoot,
        newState,
        pluginDirs,
        disabledPlugins,
        newGrpc,
        backend,
        metrics,
        debug,
        pluginLimits,
        runtimes,
        proxyPlugins,
        streamProcessors,
        plugins);
  }

  private static void requireAbsolute(String key, Path path) {
    if (!path.isAbsolute()) {
      throw new InvalidArgumentException(key + ": \"" + path + "\" is not an absolute path");
    }
  }

  private static void requireAtLeast(String key, int least, int value) {
    if (value < least) {
      throw new InvalidArgumentException(key + ": " + value + " is less than " + least);
    }
  }

  /** What is served without authentication is for this machine: loopback, or a Unix socket. */
  private static void requireLocal(String address) {
    if (address.startsWith("/")) {
      if (address.getBytes(StandardCharsets.UTF_8).length > Grpc.LONGEST) {
        throw new InvalidArgumentException(
            "address: \"" + address + "\" is longer than " + Grpc.LONGEST + " bytes");
      }
    } else if (!LOOPBACK.matcher(address).matches()) {
      throw new InvalidArgumentException(
          "address: \""
              + address
              + "\" is neither a loopback address with port nor the path of a socket");
    }
  }

  /** Where the API is served. */
  public record Grpc(
      @Description(
              "Unix socket of the API; at most 101 bytes. Shims send events to the same with"
                  + " .ttrpc. at its end.")
          Path address) {
    static final Grpc DEFAULT = new Grpc(Path.of("/run/carafe/carafe.sock"));

    /** The room that {@code sockaddr_un} has (unix(7)), less that for {@code .ttrpc}. */
    private static final int LONGEST = 101;

    public Grpc {
      requireAbsolute("address", address);
      if (address.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST) {
        throw new InvalidArgumentException(
            "address: \"" + address + "\" is longer than " + LONGEST + " bytes");
      }
    }
  }

  /** Where plugins are served to another daemon, as its proxy plugins. */
  public record Backend(
      @Description(
              "Unix socket on which snapshots, content and diffs are served to another daemon, as"
                  + " its proxy plugins; at most 107 bytes. Empty for none.")
          String address,
      @Description(
              "Namespace that all of it belongs to, whatever the other daemon says. A lease keeps"
                  + " it until that daemon removes it.")
          String namespace) {
    static final Backend DEFAULT = new Backend("", "backend");

    public Backend {
      ProxyPlugin.requireSocket("address", address);
      ProxyPlugin.requireForm("namespace", namespace, ProxyPlugin.NAME);
      if (namespace.isEmpty()) {
        throw new InvalidArgumentException("namespace: must not be empty");
      }
    }
  }

  /** Figures for Prometheus. */
  public record Metrics(
      @Description(
              "Where /v1/metrics is served: a loopback address with port, such as 127.0.0.1:1338, or"
                  + " the path of a Unix socket. Empty: nowhere. There is no authentication.")
          String address,
      @Description("Whether the durations of API calls are told as histograms.")
          boolean grpcHistogram) {
    static final Metrics DEFAULT = new Metrics("", false);

    public Metrics {
      if (!address.isEmpty()) {
        requireLocal(address);
      }
    }
  }

  /** What the daemon says about itself. */
  public record Debug(
      @Description("Least level that is logged: trace, debug, info, warn or error.") Level level,
      @Description("How a line of the log is written: text or json.") Format format,
      @Description(
              "Where the debug page is served: a loopback address with port, such as 127.0.0.1:1339,"
                  + " or the path of a Unix socket. Empty: nowhere. It only shows, and there is no"
                  + " authentication.")
          String address) {
    static final Debug DEFAULT = new Debug(Level.INFO, Format.TEXT, "");

    public Debug {
      if (!address.isEmpty()) {
        requireLocal(address);
      }
    }

    /** Log levels, least important first. */
    public enum Level {
      TRACE,
      DEBUG,
      INFO,
      WARN,
      ERROR
    }

    /** Log formats. */
    public enum Format {
      TEXT,
      JSON
    }
  }

  /** Bounds on what a plugin may take; a plugin's own table may say otherwise for some. */
  public record PluginLimits(
      @Description("Seconds that a plugin may take to start.") int createSeconds,
      @Description("Seconds that a plugin may take to finish its calls and close.")
          int closeSeconds,
      @Description("Calls that may be in flight in one plugin; more are refused.") int maxCalls,
      @Description(
              "Calls that may wait in one plugin for something outside, for example for a process"
                  + " to end; more are refused.")
          int maxWaits) {
    static final PluginLimits DEFAULT = new PluginLimits(30, 5, 256, 16_384);

    public PluginLimits {
      requireAtLeast("create_seconds", 1, createSeconds);
      requireAtLeast("close_seconds", 1, closeSeconds);
      requireAtLeast("max_calls", 1, maxCalls);
      requireAtLeast("max_waits", 1, maxWaits);
    }
  }
}
