package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Debian's docker-registry on loopback, in a private directory; one for all tests, which use
 * repositories of their own.
 */
final class TestRegistry {
  private static final TestRegistry SHARED = start();

  private final Path directory;
  private final int port;

  private TestRegistry(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  static TestRegistry shared() {
    return SHARED;
  }

  private static TestRegistry start() {
    try {
      Path directory = Files.createTempDirectory("carafe-it-registry-");
      int port = freePort();
      Files.createDirectory(directory.resolve("data"));
      Files.writeString(
          directory.resolve("config.yml"),
          """
          version: 0.1
          log: {level: error, accesslog: {disabled: true}}
          storage: {filesystem: {rootdirectory: %s}}
          http: {addr: "127.0.0.1:%d"}
          """
              .formatted(directory.resolve("data"), port));
      Process process =
          new ProcessBuilder(
                  Setup.tool("docker-registry").toString(),
                  "serve",
                  directory.resolve("config.yml").toString())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile())
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process, directory)));
      Await.until("docker-registry answers", () -> process.isAlive() && answers(port));
      return new TestRegistry(directory, port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void stop(Process process, Path directory) {
    process.destroyForcibly();
    Program.of("rm", "-rf", directory.toString()).run();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean answers(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    }
  }

  String host() {
    return "127.0.0.1:" + port;
  }

  /** Where it keeps a blob. */
  Path blobFile(String digest) {
    String hex = digest.substring("sha256:".length());
    return directory
        .resolve("data/docker/registry/v2/blobs/sha256")
        .resolve(hex.substring(0, 2))
        .resolve(hex)
        .resolve("data");
  }

  /** Pushes an image as it is; returns its name. */
  String push(TestImage image, String repository) {
    return push(List.of(image), repository, false);
  }

  /** Pushes an index of images as it is; returns its name. */
  String pushIndex(List<TestImage> images, String repository) {
    return push(images, repository, true);
  }

  private String push(List<TestImage> images, String repository, boolean index) {
    Path layout = directory.resolve("layouts").resolve(repository);
    if (index) {
      TestImage.writeLayout(layout, "latest", images);
    } else {
      images.getFirst().writeLayout(layout, "latest");
    }
    return copy(
        "oci:" + layout + ":latest",
        repository,
        index ? List.of("--all", "--preserve-digests") : List.of("--preserve-digests"));
  }

  /** Pushes what skopeo finds at {@code from}; returns its name. */
  String copy(String from, String repository, List<String> flags) {
    String name = host() + "/" + repository + ":latest";
    skopeo(from, "docker://" + name, flags);
    return name;
  }

  /** {@code skopeo copy}. */
  static void skopeo(String from, String to, List<String> flags) {
    List<String> arguments =
        new java.util.ArrayList<>(List.of("copy", "--quiet", "--insecure-policy"));
    if (to.startsWith("docker://")) {
      arguments.add("--dest-tls-verify=false");
    }
    arguments.addAll(flags);
    arguments.add(from);
    arguments.add(to);
    Program.of(Setup.tool("skopeo"), arguments).run().ok();
  }
}
