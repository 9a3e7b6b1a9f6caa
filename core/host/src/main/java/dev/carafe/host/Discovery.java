package dev.carafe.host;

import dev.carafe.host.BoundedCall.StepFailedException;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.host.config.RuntimeHandler;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.ProxyFactory;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pf4j.PluginRuntimeException;

/**
 * Finds factories: those of the class path by their index, then those of the jars in the plugin
 * directories, in the order of directories and names. A jar that nothing can be made of is reported
 * and stops nothing.
 */
final class Discovery {
  /**
   * What was found.
   *
   * @param jars that are open
   * @param failures jars that brought no plugin
   */
  record Found(List<LoadedJar> jars, List<Candidate> candidates, List<PluginStatus> failures) {
    void closeJars() {
      jars.forEach(LoadedJar::close);
    }
  }

  private final List<LoadedJar> opened = new ArrayList<>();
  private final List<Candidate> candidates = new ArrayList<>();
  private final List<PluginStatus> failures = new ArrayList<>();
  private final Proxies proxies = new Proxies();
  private final Duration atMost;
  private final JarCopies copies;

  private Discovery(DaemonConfig config, JarCopies copies) {
    this.atMost = Duration.ofSeconds(config.pluginLimits().createSeconds());
    this.copies = copies;
  }

  /** Everything there is, with the jars opened where they are. */
  static Found find(DaemonConfig config) {
    return find(config, JarCopies.NONE);
  }

  static Found find(DaemonConfig config, JarCopies copies) {
    Discovery discovery = new Discovery(config, copies);
    discovery.bundled();
    discovery.jars(config).forEach(discovery::trusted);
    try {
      discovery.candidates.addAll(discovery.proxies.candidates(config));
    } catch (InvalidArgumentException e) {
      discovery.found().closeJars();
      throw e;
    }
    return discovery.found();
  }

  /** What one jar brings, whoever may write to it. */
  static Found only(DaemonConfig config, Path jar) {
    Discovery discovery = new Discovery(config, JarCopies.NONE);
    try {
      discovery.open(jar, jar.toRealPath(), false);
    } catch (IOException e) {
      discovery.fail(jar, "cannot be opened: " + Failures.describe(e));
    }
    return discovery.found();
  }

  /** What one jar brings, if nobody but root may write to it. */
  static Found trusted(DaemonConfig config, JarCopies copies, Path jar) {
    Discovery discovery = new Discovery(config, copies);
    discovery.trusted(jar);
    return discovery.found();
  }

  private Found found() {
    return new Found(opened, candidates, failures);
  }

  private void bundled() {
    for (String name : FactoryManager.ofClassPath().factoryNames(null)) {
      try {
        Class<?> type = Class.forName(name, true, Discovery.class.getClassLoader());
        Loaded loaded = load(type, origin(type), false, List.of());
        add(loaded);
      } catch (Exception | LinkageError e) {
        throw new FailedPreconditionException(
            "bundled plugin factory " + name + ": " + Failures.describe(e), e);
      }
    }
  }

  private Set<Path> jars(DaemonConfig config) {
    Set<Path> jars = new LinkedHashSet<>();
    for (Path directory : config.pluginDirs()) {
      if (!Files.isDirectory(directory)) {
        continue;
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        Set<Path> sorted = new TreeSet<>();
        entries.forEach(sorted::add);
        for (Path entry : sorted) {
          if (entry.toString().endsWith(".jar")) {
            jars.add(entry);
          } else if (entry.toString().endsWith(".zip")
              || Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
            fail(entry, "is not a jar: plugins in zip files or directories are not supported");
          }
        }
      } catch (IOException e) {
        fail(directory, "cannot be listed: " + Failures.describe(e));
      }
    }
    config.runtimes().values().stream()
        .map(RuntimeHandler::jar)
        .filter(jar -> !jar.isEmpty())
        .sorted()
        .forEach(jar -> jars.add(Path.of(jar)));
    return jars;
  }

  private void trusted(Path jar) {
    try {
      // The path that was checked is the path that is loaded: no link is followed twice.
      Path real = jar.toRealPath();
      String objection =
          Files.isSymbolicLink(jar) ? "is a symbolic link" : JarTrust.objection(real);
      if (objection != null) {
        fail(jar, objection);
        return;
      }
      open(jar, real, true);
    } catch (IOException e) {
      fail(jar, "cannot be opened: " + Failures.describe(e));
    }
  }

  /**
   * Opens a jar and loads its factories.
   *
   * @param checksSpi whether one that was compiled against another SPI is refused
   */
  private void open(Path path, Path real, boolean checksSpi) {
    LoadedJar jar;
    @Nullable String objection;
    try {
      jar = copies.open(path, real);
      opened.add(jar);
      objection = checksSpi ? jar.spiObjection() : null;
    } catch (IOException | PluginRuntimeException e) {
      fail(path, "cannot be opened: " + Failures.describe(e));
      return;
    }
    if (objection != null) {
      fail(path, objection);
      return;
    }
    Set<String> names = jar.factoryNames();
    if (names.isEmpty()) {
      fail(
          path,
          "was loaded but no extension was found: META-INF/extensions.idx is missing or empty;"
              + " is the factory marked @CarafePlugin, and was it compiled with -proc:full?");
    }
    names.forEach(name -> factory(jar, name));
  }

  private void factory(LoadedJar jar, String name) {
    ClassLoader loader = jar.loader();
    BoundedCall<Loaded> load =
        new BoundedCall<>(
            "loading " + name,
            loader,
            () ->
                load(
                    Class.forName(name, true, loader),
                    jar.path().toString(),
                    true,
                    jar.warnings()));
    try {
      Loaded loaded = load.start().get(atMost);
      add(loaded);
      if (loaded.candidate() != null) {
        jar.add(loaded.candidate());
      } else {
        jar.bringsProxies();
      }
    } catch (StepFailedException e) {
      fail(jar.path(), name + ": " + e.getMessage());
    }
  }

  /** What a class in an index turned out to be: one of the two. */
  private record Loaded(@Nullable Candidate candidate, Proxies.@Nullable Source proxy) {}

  private static Loaded load(Class<?> type, String jar, boolean isolated, List<String> warnings)
      throws Exception {
    if (ProxyFactory.class.isAssignableFrom(type)) {
      ProxyFactory<?> factory = (ProxyFactory<?>) type.getConstructor().newInstance();
      return new Loaded(null, Proxies.Source.of(factory, jar, isolated, warnings));
    }
    if (!PluginFactory.class.isAssignableFrom(type)) {
      throw new IllegalStateException("is no " + PluginFactory.class.getName());
    }
    PluginFactory<?, ?> factory = (PluginFactory<?, ?>) type.getConstructor().newInstance();
    return new Loaded(Candidate.of(factory, jar, isolated, warnings), null);
  }

  private void add(Loaded loaded) {
    if (loaded.candidate() != null) {
      candidates.add(loaded.candidate());
    }
    if (loaded.proxy() != null) {
      proxies.add(loaded.proxy());
    }
  }

  private static String origin(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return "daemon";
    }
    try {
      return Path.of(source.getLocation().toURI()).toString();
    } catch (URISyntaxException | IllegalArgumentException e) {
      return source.getLocation().toString();
    }
  }

  private void fail(Path jar, String error) {
    Path name = jar.getFileName();
    String id = name == null ? jar.toString() : name.toString();
    failures.add(
        new PluginStatus(
            PluginStatus.JAR + "." + id,
            PluginStatus.JAR,
            id,
            List.of(),
            false,
            PluginStatus.State.FAILED,
            Duration.ZERO,
            "\"" + jar + "\" " + error,
            List.of(),
            List.of(),
            Map.of(),
            jar.toString(),
            CallCounters.NONE));
  }
}
