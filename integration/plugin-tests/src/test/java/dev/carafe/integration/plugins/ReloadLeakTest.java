package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.PluginHost;
import dev.carafe.spi.events.EventBus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is left of a plugin that is gone: nothing. */
class ReloadLeakTest extends PluginTestCase {
  private static final int RELOADS = 1000;

  /** Reads its own resources as URLs, which the JDK caches, and logs. */
  private static final BusSource ALIEN =
      BusSource.named("alien")
          .creating(
              """
              try (var in = Made.class.getResource("/vendor/own.txt").openStream()) {
                context.export("own", new String(in.readAllBytes()));
              }
              org.slf4j.LoggerFactory.getLogger(Made.class).info("made of {}", config);
              """)
          .publishing("System.setProperty(\"carafe.test.said\", envelope.topic());");

  @Test
  void noClassLoaderIsLeftAfterAThousandReloads() throws IOException {
    Path jar =
        jar()
            .source(ALIEN.className(), ALIEN.code())
            .resource("vendor/own.txt", "mine")
            .build(plugins.resolve("a.jar"));
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    var classes = ManagementFactory.getClassLoadingMXBean();
    try (PluginHost host = start()) {
      EventBus bus = bus(host, "alien");
      long unloaded = classes.getUnloadedClassCount();
      long before = 0;

      // When a jar is reloaded a thousand times, called in between, and unloaded
      for (int i = 0; i < RELOADS; i++) {
        loaders.add(new WeakReference<>(host.classLoader(alien(host)).orElseThrow()));
        if (i == 10) {
          before = classes.getLoadedClassCount();
        }
        host.hot().reload("alien", config());
        bus.publish(event());
        assertEquals("mine", export(host, "alien", "own"));
      }
      loaders.add(new WeakReference<>(host.classLoader(alien(host)).orElseThrow()));
      host.hot().unload("alien");

      // Then all its class loaders are collected, and their classes unloaded
      Await.until(
          () -> {
            System.gc();
            return left(loaders) == 0;
          },
          () -> left(loaders) + " of " + loaders.size() + " class loaders are left");
      long gone = classes.getUnloadedClassCount() - unloaded;
      assertTrue(gone >= 3L * RELOADS, gone + " classes are unloaded");
      long more = classes.getLoadedClassCount() - before;
      assertTrue(more < RELOADS, more + " more classes are loaded");

      // And no file of it is open or left
      assertEquals(List.of(), open(directory.resolve("root/jars")));
      assertEquals(List.of(), open(jar));
      try (Stream<Path> left = Files.list(directory.resolve("root/jars"))) {
        assertEquals(0, left.count());
      }
    }
  }

  private static long left(List<WeakReference<ClassLoader>> loaders) {
    return loaders.stream().filter(loader -> loader.get() != null).count();
  }

  private static String alien(PluginHost host) {
    return status(host, "alien").uri();
  }

  /** Descriptors of this process that are open on something below a path. */
  private static List<String> open(Path below) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        try {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (target.startsWith(below.toString())) {
            found.add(target);
          }
        } catch (IOException e) {
          // The one that lists them.
        }
      }
    }
    return found;
  }
}
