package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.PluginStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;

class JarLoadingTest extends PluginTestCase {
  /** Tries to load a class in whatever way and exports what came of it. */
  private static final String LOOK =
      """
      for (String name : List.of(
          "dev.carafe.host.PluginHost",
          "dev.carafe.integration.plugins.BundledBusFactory",
          "com.fasterxml.jackson.core.JsonParser",
          "org.junit.jupiter.api.Test",
          "dev.carafe.spi.events.Envelope",
          "org.slf4j.Logger",
          "java.sql.Driver")) {
        for (ClassLoader loader : List.of(
            Made.class.getClassLoader(), Thread.currentThread().getContextClassLoader())) {
          String found;
          try {
            found = String.valueOf(loader.loadClass(name).getClassLoader());
          } catch (ClassNotFoundException e) {
            found = "not found";
          }
          context.export(name, found.replaceAll("@.*", ""));
        }
      }
      """;

  @Test
  void bundledPluginsAreFoundByTheirIndex() throws IOException {
    try (PluginHost host = start()) {
      assertEquals(State.RUNNING, status(host, "bundled").state());
    }
  }

  @Test
  void aJarIsLoadedBesideThem() throws IOException {
    Path jar = install("a.jar", BusSource.named("alien"));

    try (PluginHost host = start()) {
      PluginStatus status = status(host, "alien");
      assertNull(status.error());
      assertEquals(State.RUNNING, status.state());
      assertEquals(jar.toString(), status.jar());
      assertEquals(List.of(), status.warnings());
      bus(host, "alien").publish(event());
    }
    assertEquals("alien", System.clearProperty("carafe.test.closed"));
  }

  @Test
  void aPluginSeesTheSpiAndNothingElseOfTheDaemon() throws IOException {
    install("a.jar", BusSource.named("alien").creating(LOOK));

    try (PluginHost host = start()) {
      assertEquals("not found", export(host, "alien", "dev.carafe.host.PluginHost"));
      assertEquals(
          "not found", export(host, "alien", "dev.carafe.integration.plugins.BundledBusFactory"));
      assertEquals("not found", export(host, "alien", "com.fasterxml.jackson.core.JsonParser"));
      assertEquals("not found", export(host, "alien", "org.junit.jupiter.api.Test"));
      String daemon = String.valueOf(PluginHost.class.getClassLoader()).replaceAll("@.*", "");
      assertEquals(daemon, export(host, "alien", "dev.carafe.spi.events.Envelope"));
      assertEquals(daemon, export(host, "alien", "org.slf4j.Logger"));
      assertTrue(export(host, "alien", "java.sql.Driver").contains("PlatformClassLoader"));
    }
  }

  @Test
  void aPluginsOwnLibrariesWinOverTheDaemons() throws IOException {
    BusSource source =
        BusSource.named("alien")
            .creating("context.export(\"library\", com.fasterxml.jackson.core.JsonParser.OWN);");
    jar()
        .source(source.className(), source.code())
        .source(
            "com.fasterxml.jackson.core.JsonParser",
            """
            package com.fasterxml.jackson.core;

            public class JsonParser {
              public static final String OWN = String.valueOf(3 * 14);
            }
            """)
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      assertEquals("42", export(host, "alien", "library"));
    }
  }

  @Test
  void aPluginSeesItsOwnResourcesAndNoneOfTheDaemon() throws IOException {
    String look =
        """
        ClassLoader loader = Made.class.getClassLoader();
        context.export("own", new String(Made.class.getResourceAsStream("/vendor/own.txt").readAllBytes()));
        for (String name : List.of(
            "dev/carafe/host/PluginHost.class",
            "dev/carafe/spi/events/Envelope.class",
            "META-INF/services/com.fasterxml.jackson.core.JsonFactory")) {
          context.export(name, loader.getResource(name) + " " + loader.getResources(name).hasMoreElements());
        }
        int indexes = java.util.Collections.list(loader.getResources("META-INF/extensions.idx")).size();
        context.export("indexes", String.valueOf(indexes));
        """;
    BusSource source = BusSource.named("alien").creating(look);
    jar()
        .source(source.className(), source.code())
        .resource("vendor/own.txt", "mine")
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      assertEquals("mine", export(host, "alien", "own"));
      assertEquals("null false", export(host, "alien", "dev/carafe/host/PluginHost.class"));
      assertEquals("null false", export(host, "alien", "dev/carafe/spi/events/Envelope.class"));
      assertEquals(
          "null false",
          export(host, "alien", "META-INF/services/com.fasterxml.jackson.core.JsonFactory"));
      assertEquals("1", export(host, "alien", "indexes"));
    }
  }

  @Test
  void anSpiInsideTheJarIsNotUsedAndIsReported() throws IOException {
    BusSource source = BusSource.named("alien");
    jar().source(source.className(), source.code()).withSpi().build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      PluginStatus status = status(host, "alien");
      assertEquals(State.RUNNING, status.state());
      assertEquals(1, status.warnings().size());
      assertTrue(
          status.warnings().getFirst().startsWith("jar has its own copy of dev.carafe.spi"),
          status.warnings().toString());
      bus(host, "alien").publish(event());
    }
  }

  @Test
  void aJarWithoutAnIndexIsAListedError() throws IOException {
    BusSource source = BusSource.named("alien");
    Path jar =
        jar()
            .source(source.className(), source.code())
            .withoutIndex()
            .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      assertFailed(host, "a.jar", "\"" + jar + "\" was loaded but no extension was found: ");
    }
  }

  @Test
  void anIndexThatNamesNoClassIsAListedError() throws IOException {
    jar()
        .withoutIndex()
        .source("vendor.Nothing", "package vendor; public class Nothing {}")
        .resource("META-INF/extensions.idx", "vendor.Gone\nvendor.Nothing\n")
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      List<String> errors =
          host.graph().plugins().stream()
              .filter(plugin -> plugin.id().equals("a.jar"))
              .map(plugin -> String.valueOf(plugin.error()))
              .toList();
      assertEquals(2, errors.size());
      assertTrue(errors.get(0).endsWith("vendor.Gone: ClassNotFoundException: vendor.Gone"));
      assertTrue(
          errors
              .get(1)
              .endsWith(
                  "vendor.Nothing: IllegalStateException: is no"
                      + " dev.carafe.spi.plugins.PluginFactory"));
    }
  }

  @Test
  void aFileThatIsNoJarIsAListedError() throws IOException {
    Files.writeString(plugins.resolve("a.jar"), "no jar");

    try (PluginHost host = start()) {
      assertFailed(host, "a.jar", "\"" + plugins.resolve("a.jar") + "\" cannot be opened: ");
    }
  }

  @Test
  void zipFilesAndDirectoriesAreRefused() throws IOException {
    Files.writeString(plugins.resolve("a.zip"), "");
    Files.createDirectory(plugins.resolve("b"));
    Files.writeString(plugins.resolve("README"), "is left alone");

    try (PluginHost host = start()) {
      String reason = "is not a jar: plugins in zip files or directories are not supported";
      assertFailed(host, "a.zip", "\"" + plugins.resolve("a.zip") + "\" " + reason);
      assertFailed(host, "b", "\"" + plugins.resolve("b") + "\" " + reason);
      assertEquals(3, host.graph().plugins().size());
    }
  }

  @Test
  void aJarThatIsNotRootsIsRefused() throws IOException {
    Path jar = install("a.jar", BusSource.named("alien"));
    Files.setAttribute(jar, "unix:uid", 65534, LinkOption.NOFOLLOW_LINKS);

    try (PluginHost host = start()) {
      assertFailed(host, "a.jar", "\"" + jar + "\" belongs to uid 65534, not to root");
    }
  }

  @Test
  void aJarThatOthersMayWriteIsRefused() throws IOException {
    Path jar = install("a.jar", BusSource.named("alien"));
    Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-rw-r--"));

    try (PluginHost host = start()) {
      assertFailed(host, "a.jar", "\"" + jar + "\" is writable for others than root (mode 0664)");
    }
  }

  @Test
  void aDirectoryThatOthersMayWriteMakesItsJarsUntrusted() throws IOException {
    Path jar = install("a.jar", BusSource.named("alien"));
    Files.setAttribute(plugins, "unix:mode", 01777);

    try (PluginHost host = start()) {
      assertFailed(
          host,
          "a.jar",
          "\""
              + jar
              + "\" directory \""
              + plugins
              + "\" is writable for others than root (mode 1777)");
    }
  }

  @Test
  void aLinkToAJarIsRefused() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    BusSource source = BusSource.named("alien");
    Path jar = jar().source(source.className(), source.code()).build(elsewhere.resolve("a.jar"));
    Files.createSymbolicLink(plugins.resolve("a.jar"), jar);

    try (PluginHost host = start()) {
      assertFailed(host, "a.jar", "\"" + plugins.resolve("a.jar") + "\" is a symbolic link");
    }
  }

  @Test
  void aRuntimeHandlersJarIsLoadedFromAnywhere() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    BusSource source = BusSource.named("alien");
    Path jar = jar().source(source.className(), source.code()).build(elsewhere.resolve("a.jar"));

    try (PluginHost host =
        start("[runtimes.myvm]", "version = \"v2\"", "plugin = \"" + jar + "\"")) {
      assertEquals(State.RUNNING, status(host, "alien").state());
    }
  }

  @Test
  void aPluginReadsItsTable() throws IOException {
    install("a.jar", BusSource.named("alien").creating("context.export(\"text\", config.text());"));

    try (PluginHost host = start("[plugins.\"io.containerd.event.v1.alien\"]", "text = \"said\"")) {
      assertEquals("said", export(host, "alien", "text"));
    }
  }

  private static void assertFailed(PluginHost host, String id, String error) {
    PluginStatus status = status(host, id);
    assertEquals(State.FAILED, status.state());
    assertEquals(PluginStatus.JAR, status.type());
    String found = String.valueOf(status.error());
    assertTrue(found.startsWith(error), found);
    assertEquals(State.RUNNING, status(host, "bundled").state());
  }
}
