package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the registry that Debian packages, where it is installed. */
final class DockerRegistryTest {
  private static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  private static final byte[] LAYER = Sources.noise(8_000_000, 1);
  private static final byte[] CONFIG =
      Sources.utf8("{\"architecture\":\"amd64\",\"os\":\"linux\"}");

  @TempDir static Path directory;
  private static Process plain;
  private static Process secure;
  private static int plainPort;
  private static int securePort;
  private static byte[] manifest;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "docker-registry"))),
        "docker-registry is not installed");
    Certificates certificates = new Certificates(directory);
    certificates.authority("root");
    certificates.issue("server", "root", "RSA", "localhost");
    certificates.pkcs8("server");
    plainPort = freePort();
    plain = start("plain", plainPort, "");
    securePort = freePort();
    secure =
        start(
            "secure",
            securePort,
            "  tls:\n    certificate: "
                + directory.resolve("server.crt")
                + "\n    key: "
                + directory.resolve("server.key")
                + "\n");
    push();
  }

  @AfterAll
  static void stop() throws InterruptedException {
    for (Process process : new Process[] {plain, secure}) {
      if (process != null) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void anImageArrivesByTagAndByDigest() throws IOException {
    for (String reference :
        List.of(":v1", "@" + Digest.of(manifest), ":v1@" + Digest.of(manifest))) {
      try (ImageSource.Repository repository =
          Sources.plain().open("127.0.0.1:" + plainPort + "/test/image" + reference)) {
        assertEquals(
            new Descriptor(DOCKER_MANIFEST, Digest.of(manifest), manifest.length),
            repository.target());
        assertArrayEquals(manifest, Sources.fetch(repository, repository.target(), 0));
        assertArrayEquals(LAYER, Sources.fetch(repository, Sources.layer(LAYER), 0));
        assertArrayEquals(CONFIG, Sources.fetch(repository, Sources.layer(CONFIG), 0));
      }
    }
  }

  @Test
  void aBlobArrivesFromAnOffset() throws IOException {
    try (ImageSource.Repository repository =
        Sources.plain().open("127.0.0.1:" + plainPort + "/test/image:v1")) {
      assertArrayEquals(
          Arrays.copyOfRange(LAYER, 7_654_321, LAYER.length),
          Sources.fetch(repository, Sources.layer(LAYER), 7_654_321));
    }
  }

  @Test
  void whatIsNotThereIsNotFound() throws IOException {
    assertThrows(
        NotFoundException.class,
        () -> Sources.plain().open("127.0.0.1:" + plainPort + "/test/image:v2"));
    try (ImageSource.Repository repository =
        Sources.plain().open("127.0.0.1:" + plainPort + "/test/image:v1")) {
      byte[] other = {1, 2, 3};
      assertThrows(NotFoundException.class, () -> repository.fetch(Sources.layer(other), 0));
    }
  }

  @Test
  void thisMachineNeedsNoOptions() throws IOException {
    for (int port : List.of(plainPort, securePort)) {
      Sources.plain().open("localhost:" + port + "/test/image:v1", SourceOptions.DEFAULT).close();
    }
  }

  @Test
  void tlsIsVerifiedWithTheConfiguredAuthority(@TempDir Path hosts) throws IOException {
    Sources.hosts(
        hosts,
        "registry.test",
        "server = \"https://localhost:" + securePort + "\"",
        "ca = \"" + directory.resolve("root.crt") + "\"");
    try (ImageSource.Repository repository =
        Sources.configured(hosts).open("registry.test/test/image:v1", SourceOptions.DEFAULT)) {
      assertArrayEquals(LAYER, Sources.fetch(repository, Sources.layer(LAYER), 0));
    }
  }

  /** Both registries have one store. */
  private static Process start(String name, int port, String further) throws Exception {
    Path config = directory.resolve(name + ".yml");
    Files.writeString(
        config,
        "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n"
            + "  filesystem:\n    rootdirectory: "
            + directory.resolve("store")
            + "\nhttp:\n  addr: 127.0.0.1:"
            + port
            + "\n"
            + further);
    ProcessBuilder builder =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile());
    builder.environment().put("OTEL_TRACES_EXPORTER", "none");
    Process process = builder.start();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!listens(port)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IllegalStateException(Files.readString(directory.resolve(name + ".log")));
      }
      Thread.onSpinWait();
    }
    return process;
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void push() throws IOException, InterruptedException {
    manifest =
        Sources.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\""
                + DOCKER_MANIFEST
                + "\",\"config\":"
                + describe("application/vnd.docker.container.image.v1+json", CONFIG)
                + ",\"layers\":["
                + describe("application/vnd.docker.image.rootfs.diff.tar.gzip", LAYER)
                + "]}");
    String base = "http://127.0.0.1:" + plainPort + "/v2/test/image";
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (byte[] blob : List.of(LAYER, CONFIG)) {
        HttpRequest begin =
            HttpRequest.newBuilder(URI.create(base + "/blobs/uploads/"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        String location =
            client
                .send(begin, HttpResponse.BodyHandlers.discarding())
                .headers()
                .firstValue("Location")
                .orElseThrow();
        put(client, location + "&digest=" + Digest.of(blob), "application/octet-stream", blob);
      }
      put(client, base + "/manifests/v1", DOCKER_MANIFEST, manifest);
    }
  }

  private static void put(HttpClient client, String url, String type, byte[] bytes)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", type)
            .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 201) {
      throw new IOException(response.statusCode() + ": " + response.body());
    }
  }

  private static String describe(String mediaType, byte[] bytes) {
    return "{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"}"
        .formatted(mediaType, bytes.length, Digest.of(bytes));
  }
}
