package dev.carafe.testkit.check;

import dev.carafe.host.PluginHost;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.OutcomeCollector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs suites through JUnit. */
final class SuiteRunner {
  private static final String TIMEOUT = "junit.jupiter.execution.timeout.default";
  private static final String CLASS = ".class";

  private SuiteRunner() {}

  /** Runs a suite on the subject. */
  static List<Outcome> run(Subject subject, Class<?> suite) {
    return run(subject, List.of(DiscoverySelectors.selectClass(suite)));
  }

  /**
   * Runs the subclasses of suites that are found in {@code places}. The plugin's classes that they
   * name are those of the jar, loaded by the host; only public ones can be reached.
   */
  static List<Outcome> runTests(Subject subject, List<Path> places) {
    Path work;
    try {
      work = Files.createTempDirectory("carafe-testkit-check-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String uri = subject.type() + "." + subject.id();
    try (PluginHost host = subject.plugin().host(work);
        URLClassLoader tests =
            new URLClassLoader(urls(places), new KitAndJar(host.classLoader(uri).orElseThrow()))) {
      List<DiscoverySelector> found = new ArrayList<>();
      for (String name : names(places)) {
        Class<?> type = Class.forName(name, false, tests);
        if (isSuite(type)) {
          found.add(DiscoverySelectors.selectClass(type));
        }
      }
      if (found.isEmpty()) {
        throw new UsageException("--tests: no subclass of a suite is in " + places);
      }
      return run(subject, found);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new UsageException("--tests: " + e);
    } finally {
      Trees.delete(work);
    }
  }

  private static List<Outcome> run(Subject subject, List<DiscoverySelector> suites) {
    subject.begin();
    OutcomeCollector collector = new OutcomeCollector();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(suites)
            .configurationParameter(TIMEOUT, "180 s")
            .build();
    LauncherConfig config =
        LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build();
    LauncherFactory.create(config).execute(request, collector);
    return collector.outcomes();
  }

  /** Whether a class can be run and extends a suite of the kit. */
  private static boolean isSuite(Class<?> type) {
    if (java.lang.reflect.Modifier.isAbstract(type.getModifiers())) {
      return false;
    }
    for (Class<?> above = type.getSuperclass(); above != null; above = above.getSuperclass()) {
      if (above.getName().startsWith("dev.carafe.testkit.")
          && above.getName().endsWith("Conformance")) {
        return !above.equals(PackagedPluginConformance.class);
      }
    }
    return false;
  }

  private static URL[] urls(List<Path> places) throws MalformedURLException {
    URL[] urls = new URL[places.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = places.get(i).toUri().toURL();
    }
    return urls;
  }

  /** Classes that may be tests, by name. */
  private static List<String> names(List<Path> places) throws IOException {
    List<String> names = new ArrayList<>();
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        names.addAll(names(place));
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(place)) {
          names.addAll(names(jar.getPath("/")));
        }
      }
    }
    return names;
  }

  private static List<String> names(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.endsWith("ConformanceTest" + CLASS))
          .map(name -> name.substring(0, name.length() - CLASS.length()).replace('/', '.'))
          .sorted()
          .toList();
    }
  }

  /**
   * What the kit is made of, else the jar's classes as the host loads them, else the kit's
   * libraries.
   */
  private static final class KitAndJar extends ClassLoader {
    private static final List<String> OWN =
        List.of("dev.carafe.testkit.", "org.junit.", "org.opentest4j.", "org.apiguardian.");
    private final ClassLoader kit;

    KitAndJar(ClassLoader jar) {
      super("jar-and-kit", jar);
      this.kit = KitAndJar.class.getClassLoader();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (OWN.stream().anyMatch(name::startsWith)) {
        return kit.loadClass(name);
      }
      try {
        return super.loadClass(name, resolve);
      } catch (ClassNotFoundException e) {
        return kit.loadClass(name);
      }
    }
  }
}
