package dev.carafe.host.config;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration. Flags win over files, a later file over an earlier one, files over
 * defaults. Files are the configuration file and, in the order of their names, {@code *.toml} in
 * the directory {@code conf.d} beside it: tables are merged by key, anything else is replaced.
 */
public final class ConfigLoader {
  /** Read where no flag names a file, if it is there. */
  public static final Path DEFAULT_FILE = Path.of("/etc/carafe/config.toml");

  /**
   * Top-level tables that stand for a plugin's table: operators know these by a shorter name.
   * {@code [registry]} is {@code [plugins."dev.carafe.image-source.v1.registry"]}, and so on.
   */
  public static final Map<String, String> ALIASES =
      Map.of(
          "registry", "dev.carafe.image-source.v1.registry",
          "credentials", "dev.carafe.credential-provider.v1.docker-config",
          "cri", "io.containerd.cri.v1.runtime",
          "gc", "io.containerd.gc.v1.scheduler",
          "nri", "io.containerd.nri.v1.nri",
          "grpc-tcp", "io.containerd.server.v1.grpc-tcp");

  /**
   * The plugin that {@code [runtimes]} is for, and the key of its table that the handlers are put
   * under.
   */
  public static final String RUNTIMES_PLUGIN = "io.containerd.service.v1.tasks-service";

  static final String RUNTIMES_KEY = "handlers";

  /** The same for {@code [stream_processors]}. */
  static final String PROCESSORS_PLUGIN = "dev.carafe.layer-processor.v1.programs";

  static final String PROCESSORS_KEY = "processors";

  /** What the command line says; null where it says nothing. */
  public record Flags(
      @Nullable Path config, @Nullable Path root, @Nullable Path state, @Nullable Path address) {
    /** No flags. */
    public static final Flags NONE = new Flags(null, null, null, null);
  }

  private ConfigLoader() {}

  /**
   * The configuration in force. Plugins' tables are checked later, by who knows their records.
   *
   * @throws InvalidArgumentException one line for each mistake, with file and key
   * @throws NotFoundException if a file that a flag names is not there
   * @throws FailedPreconditionException if a file cannot be read
   */
  public static DaemonConfig load(Flags flags) {
    Path file = flags.config() == null ? DEFAULT_FILE : flags.config().toAbsolutePath();
    List<Path> files = files(file, flags.config() != null);
    DaemonConfig config = files.isEmpty() ? DaemonConfig.DEFAULT : bind(TomlReader.readAll(files));
    return config.with(flags);
  }

  private static List<Path> files(Path file, boolean required) {
    List<Path> files = new ArrayList<>();
    if (Files.exists(file)) {
      files.add(file);
    } else if (required) {
      throw new NotFoundException("configuration file \"" + file + "\": not found");
    }
    Path directory = file.resolveSibling("conf.d");
    if (Files.isDirectory(directory)) {
      List<Path> dropIns = new ArrayList<>();
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.toml")) {
        found.forEach(dropIns::add);
      } catch (IOException e) {
        throw new FailedPreconditionException("\"" + directory + "\" cannot be listed: " + e, e);
      }
      Collections.sort(dropIns);
      files.addAll(dropIns);
    }
    return files;
  }

  static DaemonConfig bind(ConfigTable read) {
    List<String> problems = new ArrayList<>();
    ConfigTable table = resolveAliases(read, problems);
    DaemonConfig config =
        new RecordBinder(problems, ALIASES.keySet()).bind(table, DaemonConfig.DEFAULT);
    if (problems.isEmpty()) {
      new TreeMap<>(config.proxyPlugins())
          .forEach((name, proxy) -> proxy.incomplete(name).ifPresent(problems::add));
      new TreeMap<>(config.streamProcessors())
          .forEach((id, processor) -> processor.incomplete(id).ifPresent(problems::add));
    }
    if (!problems.isEmpty()) {
      throw new InvalidArgumentException(String.join("\n", problems));
    }
    return config;
  }

  private static ConfigTable resolveAliases(ConfigTable read, List<String> problems) {
    ConfigTable table = read;
    for (Map.Entry<String, String> alias : new TreeMap<>(ALIASES).entrySet()) {
      ConfigTable.Entry entry = read.get(alias.getKey());
      if (entry == null) {
        continue;
      }
      table = table.without(Set.of(alias.getKey()));
      if (!(entry.value() instanceof ConfigTable aliased)) {
        problems.add(entry.place() + ": expected a table");
        continue;
      }
      ConfigTable.Entry plugins = read.get("plugins");
      if (plugins != null
          && plugins.value() instanceof ConfigTable tables
          && tables.get(alias.getValue()) != null) {
        problems.add(
            entry.place() + ": is the same table as plugins.\"" + alias.getValue() + "\": use one");
        continue;
      }
      Map<String, ConfigTable.Entry> plugin = new LinkedHashMap<>();
      plugin.put(alias.getValue(), new ConfigTable.Entry(aliased, entry.place()));
      table =
          table.overlaid(
              new ConfigTable(
                  Map.of(
                      "plugins", new ConfigTable.Entry(new ConfigTable(plugin), entry.place()))));
    }
    return table;
  }
}
