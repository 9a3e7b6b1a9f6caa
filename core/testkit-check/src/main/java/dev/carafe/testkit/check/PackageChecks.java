package dev.carafe.testkit.check;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.SpiVersion;
import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.Outcome.Result;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/** Whether a jar is packed so that a daemon can make a plugin of it. */
final class PackageChecks {
  private static final String INDEX = "META-INF/extensions.idx";
  private static final String VERSION_MARK = "# carafe-spi ";
  private static final int LONGEST_INDEX = 1 << 16;
  private static final List<String> SHARED =
      List.of("dev/carafe/spi/", "org/pf4j/", "org/slf4j/", "org/jspecify/");

  private final PackagedPlugin plugin;
  private final List<Outcome> outcomes = new ArrayList<>();

  PackageChecks(PackagedPlugin plugin) {
    this.plugin = plugin;
  }

  /** A kind of plugin that the SPI names. */
  static Optional<PluginType<?>> type(String name) {
    return Optional.ofNullable(types().get(name));
  }

  private static Map<String, PluginType<?>> types() {
    Map<String, PluginType<?>> types = new LinkedHashMap<>();
    for (Field field : PluginTypes.class.getFields()) {
      try {
        if (Modifier.isStatic(field.getModifiers()) && field.get(null) instanceof PluginType<?> t) {
          types.put(t.name(), t);
        }
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
    return types;
  }

  List<Outcome> outcomes() {
    return outcomes;
  }

  /**
   * Looks into the jar and starts what it brings over {@code work}.
   *
   * @return the plugins that run
   * @throws UsageException if it is no jar
   */
  List<PluginStatus> run(Path work) {
    try (JarFile file = new JarFile(plugin.jar().toFile())) {
      index(file);
      copies(file);
    } catch (IOException e) {
      throw new UsageException("\"" + plugin.jar() + "\" cannot be read as a jar: " + e);
    }
    return start(work);
  }

  private void index(JarFile file) throws IOException {
    ZipEntry entry = file.getEntry(INDEX);
    if (entry == null) {
      check("PACK-01", "its index names classes that it has", INDEX + " is missing");
      check("PACK-02", "it was compiled against an SPI that runs here", INDEX + " is missing");
      return;
    }
    String text;
    try (var in = file.getInputStream(entry)) {
      text = new String(in.readNBytes(LONGEST_INDEX), StandardCharsets.UTF_8);
    }
    List<String> names =
        text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    List<String> missing =
        names.stream()
            .filter(name -> file.getEntry(name.strip().replace('.', '/') + ".class") == null)
            .toList();
    check(
        "PACK-01",
        "its index names classes that it has",
        names.isEmpty() ? INDEX + " is empty" : missing.isEmpty() ? "" : "it lacks " + missing);
    check("PACK-02", "it was compiled against an SPI that runs here", version(text));
  }

  private static String version(String index) {
    Optional<String> mark = index.lines().filter(line -> line.startsWith(VERSION_MARK)).findFirst();
    if (mark.isEmpty()) {
      return INDEX + " does not say which SPI: it was not written by carafe-spi's processor";
    }
    try {
      SpiVersion built = SpiVersion.parse(mark.get().substring(VERSION_MARK.length()).strip());
      SpiVersion here = SpiVersion.current();
      return here.runs(built) ? "" : "it was compiled against " + built + ", and this is " + here;
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void copies(JarFile file) {
    List<String> copies =
        file.stream()
            .map(ZipEntry::getName)
            .filter(name -> name.endsWith(".class"))
            .filter(name -> SHARED.stream().anyMatch(name::startsWith))
            .limit(3)
            .toList();
    check(
        "PACK-03",
        "it has no copy of what the daemon shares with it",
        copies.isEmpty() ? "" : "it has " + copies + " (provided scope keeps them out)");
  }

  private List<PluginStatus> start(Path work) {
    List<PluginStatus> plugins;
    PluginHost host;
    try {
      host = plugin.host(work);
    } catch (DaemonException e) {
      check("PACK-04", "the daemon's host loads its factories", String.valueOf(e.getMessage()));
      return List.of();
    }
    try (host) {
      plugins = host.graph().plugins();
    }
    List<PluginStatus> loaded =
        plugins.stream().filter(status -> !status.type().equals(PluginStatus.JAR)).toList();
    check(
        "PACK-04",
        "the daemon's host loads its factories",
        errors(plugins.stream().filter(status -> status.type().equals(PluginStatus.JAR)).toList()));
    check(
        "PACK-05",
        "its plugins are of kinds that the daemon knows",
        loaded.isEmpty()
            ? "there are no plugins"
            : String.join(
                ", ",
                loaded.stream()
                    .map(PluginStatus::type)
                    .filter(type -> !types().containsKey(type))
                    .toList()));
    check("PACK-06", "its plugins can be made of an empty configuration", errors(loaded));
    return loaded;
  }

  private static String errors(List<PluginStatus> plugins) {
    return String.join(
        "; ",
        plugins.stream()
            .filter(status -> status.error() != null)
            .map(status -> status.uri() + ": " + status.error())
            .toList());
  }

  private void check(String id, String claim, String objection) {
    outcomes.add(
        new Outcome(id, claim, objection.isEmpty() ? Result.PASSED : Result.FAILED, objection));
  }
}
