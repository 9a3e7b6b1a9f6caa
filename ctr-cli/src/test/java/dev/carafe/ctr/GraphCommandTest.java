package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.rpc.Status;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc;
import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.services.introspection.v1.PluginsResponse;
import dev.carafe.ctr.grpc.TestServer;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GraphCommandTest {
  private CommandLine line;
  private TestServer server;

  /** A daemon of three plugins: one runs, one is disabled, one has failed. */
  private static final class Daemon extends IntrospectionGrpc.IntrospectionImplBase {
    @Override
    public void plugins(PluginsRequest request, StreamObserver<PluginsResponse> observer) {
      observer.onNext(
          PluginsResponse.newBuilder()
              .addPlugins(
                  Plugin.newBuilder()
                      .setType("io.containerd.content.v1")
                      .setId("content")
                      .putExports("carafe.init_time_ms", "2.345")
                      .putExports("carafe.jar", "/usr/lib/carafe/lib/content.jar"))
              .addPlugins(
                  Plugin.newBuilder()
                      .setType("io.containerd.snapshotter.v1")
                      .setId("native")
                      .putExports("carafe.init_time_ms", "NaN")
                      .setInitErr(Status.newBuilder().setMessage("disabled: skip plugin")))
              .addPlugins(
                  Plugin.newBuilder()
                      .setType("io.containerd.metadata.v1")
                      .setId("bolt")
                      .addRequires("io.containerd.content.v1")
                      .putExports("carafe.wants", "io.containerd.snapshotter.v1")
                      .setInitErr(Status.newBuilder().setMessage("no \u001b[31mroom")))
              .build());
      observer.onCompleted();
    }
  }

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("s");
    server = new TestServer(socket, new Daemon());
    line = new CommandLine(socket);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theTreeHasTimesAndFailures() {
    assertEquals(0, line.run("plugins", "graph"));
    assertEquals(
        """
        io.containerd.metadata.v1.bolt  [failed: no ?[31mroom]
        └─ io.containerd.content.v1.content  2.3 ms
        io.containerd.snapshotter.v1.native  [disabled]
        """,
        line.out());
  }

  @Test
  void picturesGoToAFileOrToStandardOutput(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("graph.svg");
    assertEquals(0, line.run("plugins", "graph", "--format", "svg", "-o", file.toString()));
    assertEquals("", line.out());
    String svg = Files.readString(file);
    assertTrue(svg.contains("class=\"plugin failed\""), svg);
    assertTrue(svg.contains("class=\"edge wanted\""), svg);
    assertTrue(svg.contains("created in 2.3 ms&#10;from /usr/lib/carafe/lib/content.jar"), svg);

    assertEquals(0, line.run("plugins", "graph", "--format=dot"));
    assertTrue(line.out().startsWith("digraph plugins {"), line.out());
    assertTrue(line.out().contains("style=dashed"), line.out());
  }

  @Test
  void whatCannotBeWrittenIsSaidInOneLine(@TempDir Path directory) {
    String file = directory.resolve("no/such/graph.svg").toString();
    assertEquals(1, line.run("plugins", "graph", "--format", "svg", "--output", file));
    assertEquals("carafe: " + file + ": not found\n", line.err());
    assertEquals(2, line.run("plugins", "graph", "--format", "table"));
    assertTrue(line.err().contains("--format is tree, json, dot or svg"), line.err());
    assertEquals(2, line.run("plugins", "graph", "--format", "json", "--output", file));
  }

  @Test
  void theListIsAsBefore() {
    assertEquals(0, line.run("plugins", "graph", "--format", "json"));
    assertTrue(line.out().contains("\"carafe.jar\""), line.out());
  }
}
