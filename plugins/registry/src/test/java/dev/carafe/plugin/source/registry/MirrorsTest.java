package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MirrorsTest {
  private static final String NAME = "registry.test/a/b:latest";
  private static final byte[] LAYER = Sources.noise(10_000, 1);

  @TempDir Path hosts;
  private FakeRegistry first;
  private FakeRegistry second;
  private FakeRegistry server;

  @BeforeEach
  void start() throws IOException {
    first = FakeRegistry.plain();
    second = FakeRegistry.plain();
    server = FakeRegistry.plain();
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
    server.close();
  }

  private static void fill(FakeRegistry registry) {
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    registry.blob("a/b", LAYER);
  }

  private void configure(String... further) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("server = \"http://" + server.authority() + "\"");
    lines.addAll(List.of(further));
    Sources.hosts(hosts, "registry.test", lines.toArray(String[]::new));
  }

  private static String host(FakeRegistry registry) {
    return "[host.\"http://" + registry.authority() + "\"]";
  }

  private ImageSource.Repository open() {
    return Sources.configured(hosts).open(NAME, SourceOptions.DEFAULT);
  }

  private byte[] pull() throws IOException {
    try (ImageSource.Repository repository = open()) {
      return Sources.fetch(repository, Sources.layer(LAYER), 0);
    }
  }

  @Test
  void mirrorsAreAskedInTheFilesOrderAndThenTheServer() throws IOException {
    fill(server);
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    for (FakeRegistry registry : List.of(first, second)) {
      registry.gate(exchange -> {
        asked.add(registry.authority());
        FakeRegistry.send(exchange, 404, "");
      });
    }
    // Both orders, so that it is neither the alphabet's nor that of the ports.
    for (List<FakeRegistry> order : List.of(List.of(first, second), List.of(second, first))) {
      configure(host(order.getFirst()), host(order.getLast()));
      asked.clear();
      assertArrayEquals(LAYER, pull());
      assertEquals(
          List.of(order.getFirst().authority(), order.getLast().authority()),
          asked.stream().distinct().toList());
    }
  }

  @Test
  void aMirrorThatHasTheImageIsEnough() throws IOException {
    fill(first);
    configure(host(first));
    assertArrayEquals(LAYER, pull());
    assertEquals(List.of(), server.seen());
  }

  @Test
  void mirrorsAreToldWhoseImageItIs() throws IOException {
    fill(first);
    configure(host(first));
    assertArrayEquals(LAYER, pull());
    assertTrue(
        first.seen().stream().allMatch(request -> request.query().equals("ns=registry.test")));
  }

  @Test
  void aMirrorMayPullWithoutResolving() throws IOException {
    fill(first);
    fill(server);
    configure(host(first), "capabilities = [\"pull\"]");
    assertArrayEquals(LAYER, pull());
    assertEquals(List.of("GET /v2/a/b/blobs/" + Digest.of(LAYER)), first.asked());
    assertEquals(List.of("HEAD /v2/a/b/manifests/latest"), server.asked());
  }

  @Test
  void aDigestMayBeTakenFromAMirrorThatMustNotResolve() throws IOException {
    fill(first);
    configure(host(first), "capabilities = [\"pull\"]");
    Sources.configured(hosts)
        .open("registry.test/a/b@" + Digest.of(Sources.MANIFEST), SourceOptions.DEFAULT)
        .close();
    assertEquals(List.of(), server.seen());
  }

  @Test
  void withoutAHostThatMayResolveThereIsNothingToAsk() throws IOException {
    configure("capabilities = [\"push\"]");
    assertThrows(FailedPreconditionException.class, this::open);
  }

  @Test
  void aMirrorThatIsDownGetsNoSecondChance() throws IOException {
    fill(server);
    configure(host(first));
    first.close();
    assertArrayEquals(LAYER, pull());
  }

  @Test
  void aMirrorThatNeverAnswersLeavesTimeForTheServer() throws IOException {
    fill(server);
    configure(host(first));
    CountDownLatch end = new CountDownLatch(1);
    first.gate(exchange -> {
      try {
        end.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    Duration longer = Duration.ofSeconds(60);
    Timing timing = new Timing(longer, longer, longer, Duration.ofSeconds(4), 1);
    try {
      Sources.configured(hosts).with(timing).open(NAME, SourceOptions.DEFAULT).close();
    } finally {
      end.countDown();
    }
    assertEquals(1, server.seen().size());
  }

  @Test
  void aMirrorThatFailsIsPassedOver() throws IOException {
    fill(server);
    configure(host(first), host(second));
    first.gate(exchange -> FakeRegistry.send(exchange, 503, ""));
    second.gate(exchange -> FakeRegistry.error(exchange, 403, "DENIED", "no"));
    assertArrayEquals(LAYER, pull());
    assertEquals(2, first.seen().size());
  }

  @Test
  void aBlobThatIsWrongAtAMirrorComesFromTheNext() throws IOException {
    fill(first);
    fill(server);
    first.on(
        "/v2/a/b/blobs/" + Digest.of(LAYER),
        exchange -> FakeRegistry.send(exchange, 200, new byte[5]));
    configure(host(first));
    assertArrayEquals(LAYER, pull());
  }

  @Test
  void aBlobThatBreaksOffAtAMirrorGoesOnFromTheNext() throws IOException {
    fill(first);
    fill(server);
    first.on(
        "/v2/a/b/blobs/" + Digest.of(LAYER),
        exchange -> {
          if (FakeRegistry.rangeStart(exchange) > 0) {
            FakeRegistry.send(exchange, 404, "");
          } else {
            FakeRegistry.cut(exchange, 200, LAYER, 0, 4000);
          }
        });
    configure(host(first));
    assertArrayEquals(LAYER, pull());
    assertEquals("bytes=4000-", server.seen().getLast().header("Range"));
  }

  @Test
  void whenNobodyHasItTheMessageNamesEachAndTheServerDecides() throws IOException {
    configure(host(first), host(second));
    second.close();
    NotFoundException e = assertThrows(NotFoundException.class, this::open);
    assertEquals(
        "image \"%s\": %s: 404 not found; %s: connection refused; %s: 404 not found"
            .formatted(NAME, first.authority(), second.authority(), server.authority()),
        e.getMessage());
  }

  @Test
  void whenTheServerIsDownItIsUnavailable() throws IOException {
    configure(host(first));
    server.close();
    UnavailableException e = assertThrows(UnavailableException.class, this::open);
    assertTrue(e.getMessage().contains(first.authority() + ": 404"), e.getMessage());
    assertTrue(
        e.getMessage().endsWith(server.authority() + ": connection refused"), e.getMessage());
  }

  @Test
  void eachHostGetsItsOwnCredentials() throws IOException {
    fill(first);
    fill(server);
    for (FakeRegistry registry : List.of(first, server)) {
      registry.gate(exchange -> {
        String right = Dialer.basic(registry.authority(), "s3cret");
        if (!right.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
          exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=x");
          FakeRegistry.send(exchange, 401, "");
        }
      });
    }
    configure(host(first), "capabilities = [\"pull\"]");
    SourceOptions options =
        new SourceOptions(
            (host, challenges) -> Optional.of(new Credentials.Basic(host, "s3cret")),
            Map.of(),
            false,
            false,
            "");
    try (ImageSource.Repository repository = Sources.configured(hosts).open(NAME, options)) {
      assertArrayEquals(LAYER, Sources.fetch(repository, Sources.layer(LAYER), 0));
    }
  }

  @Test
  void headersOfAHostGoToItAlone() throws IOException {
    fill(server);
    configure(
        host(first),
        "[host.\"http://" + first.authority() + "\".header]",
        "X-Mirror = [\"a\", \"b\"]",
        "X-Single = \"c\"");
    assertArrayEquals(LAYER, pull());
    assertEquals(List.of("a", "b"), first.seen().getFirst().headers().get("X-Mirror"));
    assertEquals("c", first.seen().getFirst().header("X-Single"));
    assertEquals("", server.seen().getFirst().header("X-Single"));
  }

  @Test
  void aPathMayReplaceTheApisRoot() throws IOException {
    first.manifest("upstream/a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    configure("[host.\"http://" + first.authority() + "/v2/upstream\"]", "override_path = true");
    open().close();
    assertEquals(List.of("HEAD /v2/upstream/a/b/manifests/latest"), first.asked());
  }

  @Test
  void aPathIsOtherwiseAPrefixOfTheApisRoot() throws IOException {
    fill(server);
    configure("[host.\"http://" + first.authority() + "/us/\"]");
    open().close();
    assertEquals(List.of("HEAD /us/v2/a/b/manifests/latest"), first.asked());
  }

  @Test
  void theFileIsReadAtEveryPull() throws IOException {
    fill(first);
    fill(server);
    configure();
    Sources sources = Sources.configured(hosts);
    sources.open(NAME, SourceOptions.DEFAULT).close();
    configure(host(first));
    sources.open(NAME, SourceOptions.DEFAULT).close();
    assertEquals(1, server.seen().size());
    assertEquals(1, first.seen().size());
  }

  @Test
  void theCallersDirectoryReplacesTheConfiguredOne(@TempDir Path other) throws IOException {
    fill(first);
    configure();
    Sources.hosts(other, "registry.test", "server = \"http://" + first.authority() + "\"");
    SourceOptions options =
        new SourceOptions(
            (host, challenges) -> Optional.empty(), Map.of(), false, false, other.toString());
    Sources.configured(hosts).open(NAME, options).close();
    assertEquals(List.of(), server.seen());
  }
}
