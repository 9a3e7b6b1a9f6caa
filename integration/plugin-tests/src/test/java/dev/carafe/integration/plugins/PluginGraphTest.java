package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.PluginStatus.State;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PluginGraphTest extends PluginTestCase {
  @Test
  void jarsThatRequireEachOtherStopTheStart() throws IOException {
    install("a.jar", BusSource.named("alien").requiring("DIFFER"));
    install("b.jar", BusSource.named("tar").asDiffer().requiring("EVENT_BUS"));

    assertEquals(
        "plugins require each other: io.containerd.differ.v1.tar -> io.containerd.event.v1.alien"
            + " -> io.containerd.differ.v1.tar",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void aRequirementThatNobodyMeetsStopsTheStart() throws IOException {
    install("a.jar", BusSource.named("alien").requiring("SNAPSHOTTER"));

    assertEquals(
        "plugin requirement is missing: io.containerd.event.v1.alien ->"
            + " io.containerd.snapshotter.v1: no plugin of that kind is installed",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void theSecondOfTwoJarsWithOneNameIsListedWithBoth() throws IOException {
    Path first = install("a.jar", BusSource.named("alien"));
    Path second = install("b.jar", BusSource.named("alien"));

    try (PluginHost host = start()) {
      PluginStatus rejected = host.graph().plugins().getLast();
      assertEquals(State.FAILED, rejected.state());
      assertEquals(
          "\""
              + second
              + "\" brings io.containerd.event.v1.alien, which \""
              + first
              + "\" brings too",
          rejected.error());
      assertEquals(State.RUNNING, status(host, "alien").state());
    }
  }

  @Test
  void aJarCannotTakeTheNameOfABundledPlugin() throws IOException {
    install("a.jar", BusSource.named("bundled"));

    try (PluginHost host = start()) {
      assertEquals(State.RUNNING, status(host, "bundled").state());
      String error = String.valueOf(host.graph().plugins().getLast().error());
      assertTrue(error.contains("a.jar") && error.contains("test-classes"), error);
    }
  }

  @Test
  void aThrowingCreateIsListed() throws IOException {
    install(
        "a.jar",
        BusSource.named("alien")
            .creating("if (true) throw new java.io.IOException(\"no such device\");"));

    try (PluginHost host = start()) {
      assertEquals(
          "IllegalStateException: java.io.IOException: no such device",
          status(host, "alien").error());
      assertEquals(State.RUNNING, status(host, "bundled").state());
    }
  }

  @Test
  void anEssentialJarThatFailsStopsTheStart() throws IOException {
    install(
        "a.jar",
        BusSource.named("alien")
            .asEssential()
            .creating("if (true) throw new IllegalStateException(\"no such device\");"));

    assertEquals(
        "essential plugin io.containerd.event.v1.alien failed: IllegalStateException: no such"
            + " device",
        assertThrows(FailedPreconditionException.class, this::start).getMessage());
  }

  @Test
  void whatRequiresAFailedJarFailsWithTheChain() throws IOException {
    install(
        "a.jar",
        BusSource.named("tar")
            .asDiffer()
            .creating("if (true) throw new IllegalStateException(\"no such device\");"));
    install("b.jar", BusSource.named("alien").requiring("DIFFER"));

    try (PluginHost host = start()) {
      assertEquals(
          "requires io.containerd.differ.v1: io.containerd.differ.v1.tar: IllegalStateException:"
              + " no such device",
          status(host, "alien").error());
    }
  }

  @Test
  void aClassThatThisSpiDoesNotHaveFailsItsPluginOnly() throws IOException {
    BusSource source =
        BusSource.named("alien")
            .creating("context.export(\"x\", dev.carafe.spi.plugins.FromTheFuture.name());");
    jar()
        .compileOnly(
            "dev.carafe.spi.plugins.FromTheFuture",
            """
            package dev.carafe.spi.plugins;

            public class FromTheFuture {
              public static String name() {
                return "future";
              }
            }
            """)
        .source(source.className(), source.code())
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      assertEquals(
          "NoClassDefFoundError: dev/carafe/spi/plugins/FromTheFuture"
              + " (was it compiled against another version of the SPI?)",
          status(host, "alien").error());
      assertEquals(State.RUNNING, status(host, "bundled").state());
    }
  }

  @Test
  void aFactoryThatImplementsWhatThisSpiDoesNotHaveIsAListedError() throws IOException {
    BusSource source = BusSource.named("alien");
    jar()
        .compileOnly(
            "dev.carafe.spi.plugins.FromTheFuture",
            "package dev.carafe.spi.plugins; public interface FromTheFuture {}")
        .source(
            source.className(),
            source
                .code()
                .replace("implements PluginFactory", "implements FromTheFuture, PluginFactory"))
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      String error = String.valueOf(status(host, "a.jar").error());
      assertTrue(
          error.endsWith(
              "NoClassDefFoundError: dev/carafe/spi/plugins/FromTheFuture"
                  + " (was it compiled against another version of the SPI?)"),
          error);
    }
  }

  @Test
  void aCallThatThisSpiCannotLinkFailsThatCallOnly() throws IOException {
    BusSource source =
        BusSource.named("alien")
            .publishing("dev.carafe.spi.plugins.FromTheFuture.publish(envelope);");
    jar()
        .compileOnly(
            "dev.carafe.spi.plugins.FromTheFuture",
            """
            package dev.carafe.spi.plugins;

            public class FromTheFuture {
              public static void publish(Object event) {}
            }
            """)
        .source(source.className(), source.code())
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      assertEquals(
          "plugin io.containerd.event.v1.alien: publish: java.lang.NoClassDefFoundError:"
              + " dev/carafe/spi/plugins/FromTheFuture"
              + " (was it compiled against another version of the SPI?)",
          assertThrows(IllegalStateException.class, () -> bus(host, "alien").publish(event()))
              .getMessage());
      assertEquals(1, status(host, "alien").calls().failures());
      bus(host, "bundled").publish(event());
    }
  }

  @Test
  void aDisabledJarIsNotCreated() throws IOException {
    install(
        "a.jar", BusSource.named("alien").creating("if (true) throw new IllegalStateException();"));

    try (PluginHost host = start("disabled_plugins = [\"io.containerd.event.v1.alien\"]")) {
      assertEquals(State.DISABLED, status(host, "alien").state());
    }
  }

  @Test
  void aTableOfNobodyIsAMistakeWithTheNearestMatch() throws IOException {
    install("a.jar", BusSource.named("alien"));

    String message =
        assertThrows(
                InvalidArgumentException.class,
                () -> start("[plugins.\"io.containerd.event.v1.alein\"]", "text = \"x\""))
            .getMessage();
    assertTrue(
        message.endsWith(
            "there is no plugin \"io.containerd.event.v1.alein\"; did you mean"
                + " \"io.containerd.event.v1.alien\"?"),
        message);
  }
}
