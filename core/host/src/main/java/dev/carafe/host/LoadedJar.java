package dev.carafe.host;

import dev.carafe.spi.plugins.SpiVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;
import org.pf4j.PluginRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A jar that is open, with its class loader and what it brings. Has a manager of its own, so that
 * two versions of one path can be open at a time, and nothing of it is left when it is closed.
 */
final class LoadedJar implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LoadedJar.class);
  private static final String INDEX = "META-INF/extensions.idx";
  private static final String SPI_MARK = "# carafe-spi ";
  private static final int LONGEST_INDEX = 1 << 20;

  private final Path path;
  private final Path opened;
  private final boolean ownCopy;
  private final FactoryManager manager = FactoryManager.ofJar();
  private final String id;
  private final ClassLoader loader;
  private final List<String> warnings;
  private final List<Candidate> candidates = new ArrayList<>();
  private boolean proxies;

  private LoadedJar(Path path, Path opened, boolean ownCopy) throws IOException {
    this.path = path;
    this.opened = opened;
    this.ownCopy = ownCopy;
    this.warnings = warnings(opened);
    this.id = manager.open(opened);
    this.loader = manager.getPluginClassLoader(id);
  }

  /**
   * Opens a jar.
   *
   * @param path where the operator sees it
   * @param opened what is read: the same file, or a copy of it
   * @param ownCopy whether closing deletes what was opened
   * @throws PluginRuntimeException if it is no jar
   */
  static LoadedJar open(Path path, Path opened, boolean ownCopy) throws IOException {
    return new LoadedJar(path, opened, ownCopy);
  }

  Path path() {
    return path;
  }

  ClassLoader loader() {
    return loader;
  }

  List<String> warnings() {
    return warnings;
  }

  /** Class names in its index. */
  Set<String> factoryNames() {
    return manager.factoryNames(id);
  }

  void add(Candidate candidate) {
    candidates.add(candidate);
  }

  List<Candidate> candidates() {
    return List.copyOf(candidates);
  }

  void bringsProxies() {
    proxies = true;
  }

  /** Whether it has a kind of proxy plugin, of which the configuration makes plugins. */
  boolean hasProxies() {
    return proxies;
  }

  /**
   * Why this SPI cannot run what the jar was compiled against, or null, also if it does not say.
   */
  @Nullable String spiObjection() throws IOException {
    try (JarFile file = new JarFile(opened.toFile())) {
      ZipEntry entry = file.getEntry(INDEX);
      if (entry == null) {
        return null;
      }
      try (InputStream in = file.getInputStream(entry)) {
        return spiObjection(new String(in.readNBytes(LONGEST_INDEX), StandardCharsets.UTF_8));
      }
    }
  }

  private static @Nullable String spiObjection(String index) {
    Optional<String> mark = index.lines().filter(line -> line.startsWith(SPI_MARK)).findFirst();
    if (mark.isEmpty()) {
      return null;
    }
    try {
      SpiVersion built = SpiVersion.parse(mark.get().substring(SPI_MARK.length()).strip());
      SpiVersion here = SpiVersion.current();
      return here.runs(built)
          ? null
          : "was compiled against carafe-spi "
              + built
              + ", which carafe-spi "
              + here
              + " of this daemon does not run";
    } catch (IllegalArgumentException e) {
      return INDEX + ": " + e.getMessage();
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

  /** Threads of the operating system that its code has started and not ended. */
  List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getContextClassLoader() == loader)
        .map(Thread::getName)
        .sorted()
        .toList();
  }

  /** Closes its class loader: classes not loaded by now are not found any more. Idempotent. */
  @Override
  public void close() {
    try {
      manager.unloadPlugins();
      closeCached();
      if (ownCopy) {
        Files.deleteIfExists(opened);
      }
    } catch (PluginRuntimeException | IOException | UncheckedIOException e) {
      log.warn("plugin jar \"{}\": {}", path, e.getMessage());
    }
  }

  /** The JDK keeps jars open whose resources were read as URLs. */
  private void closeCached() throws IOException {
    if (!Files.exists(opened)) {
      return;
    }
    if (URI.create("jar:" + opened.toUri() + "!/").toURL().openConnection()
        instanceof JarURLConnection connection) {
      connection.getJarFile().close();
    }
  }
}
