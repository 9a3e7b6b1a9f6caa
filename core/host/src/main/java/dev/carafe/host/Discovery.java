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
import java.util.jar.JarFile;
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
   * @param failures jars that brought no plugin
   */
  record Found(FactoryManager manager, List<Candidate> candidates, List<PluginStatus> failures) {}

  private final FactoryManager manager = new FactoryManager();
  private final List<Candidate> candidates = new ArrayList<>();
  private final List<PluginStatus> failures = new ArrayList<>();
  private final Proxies proxies = new Proxies();
  private final Duration atMost;

  private Discovery(Duration atMost) {
    this.atMost = atMost;
  }

  static Found find(DaemonConfig config) {
    Discovery discovery = new Discovery(Duration.ofSeconds(config.pluginLimits().createSeconds()));
    // PF4J reads all indexes at the first question: the jars must be open by then.
    List<OpenJar> jars = new ArrayList<>();
    for (Path jar : discovery.jars(config)) {
      OpenJar open = discovery.open(jar);
      if (open != null) {
        jars.add(open);
      }
    }
    discovery.bundled();
    jars.forEach(discovery::factories);
    try {
      discovery.candidates.addAll(discovery.proxies.candidates(config));
    } catch (InvalidArgumentException e) {
      discovery.manager.unloadPlugins();
      throw e;
    }
    return new Found(discovery.manager, discovery.candidates, discovery.failures);
  }

  /** What one jar brings, whoever may write to it. */
  static Found only(DaemonConfig config, Path jar) {
    Discovery discovery = new Discovery(Duration.ofSeconds(config.pluginLimits().createSeconds()));
    try {
      Path real = jar.toRealPath();
      discovery.factories(new OpenJar(jar, discovery.manager.open(real), warnings(real)));
    } catch (IOException | PluginRuntimeException e) {
      discovery.fail(jar, "cannot be opened: " + Failures.describe(e));
    }
    return new Found(discovery.manager, discovery.candidates, discovery.failures);
  }

  private void bundled() {
    for (String name : manager.factoryNames(null)) {
      try {
        Class<?> type = Class.forName(name, true, Discovery.class.getClassLoader());
        add(load(type, origin(type), false, List.of()));
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

  /** A jar that PF4J has loaded under an id. */
  private record OpenJar(Path path, String id, List<String> warnings) {}

  private @Nullable OpenJar open(Path jar) {
    try {
      // The path that was checked is the path that is loaded: no link is followed twice.
      Path real = jar.toRealPath();
      String objection =
          Files.isSymbolicLink(jar) ? "is a symbolic link" : JarTrust.objection(real);
      if (objection != null) {
        fail(jar, objection);
        return null;
      }
      return new OpenJar(jar, manager.open(real), warnings(real));
    } catch (IOException | PluginRuntimeException e) {
      fail(jar, "cannot be opened: " + Failures.describe(e));
      return null;
    }
  }

  private void factories(OpenJar jar) {
    Set<String> names = manager.factoryNames(jar.id());
    if (names.isEmpty()) {
      fail(
          jar.path(),
          "was loaded but no extension was found: META-INF/extensions.idx is missing or empty;"
              + " is the factory marked @CarafePlugin, and was it compiled with -proc:full?");
    }
    names.forEach(name -> factory(jar, name));
  }

  private void factory(OpenJar jar, String name) {
    ClassLoader loader = manager.getPluginClassLoader(jar.id());
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
      add(load.start().get(atMost));
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

  /** Shared classes inside the jar are never loaded from it; its author should know. */
  private static List<String> warnings(Path jar) throws IOException {
    Set<String> packages = new TreeSet<>();
    try (JarFile file = new JarFile(jar.toFile())) {
      file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(".class"))
          .map(name -> name.replace('/', '.'))
          .filter(SpiOnlyClassLoader::isShared)
          .forEach(name -> packages.add(packageOf(name)));
    }
    return packages.isEmpty()
        ? List.of()
        : List.of(
            "jar has its own copy of "
                + String.join(", ", packages)
                + "; the daemon's is used. The SPI must not be packed into a plugin.");
  }

  private static String packageOf(String classFile) {
    String className = classFile.substring(0, classFile.length() - ".class".length());
    return className.substring(0, className.lastIndexOf('.'));
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
