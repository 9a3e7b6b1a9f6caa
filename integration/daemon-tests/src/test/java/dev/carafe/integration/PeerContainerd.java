package dev.carafe.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** containerd itself, on private directories and without CRI. */
final class PeerContainerd implements AutoCloseable {
  private final Path home;
  private final Program.Running process;
  private final Api api;

  private PeerContainerd(Path home, Program.Running process) {
    this.home = home;
    this.process = process;
    this.api = Api.open(socket(home));
  }

  /** Starts Debian's below {@code home} and waits until it serves. */
  static PeerContainerd start(Path home) throws IOException {
    return start(home, Setup.tool("containerd").getParent());
  }

  /**
   * Starts one below {@code home} and waits until it serves.
   *
   * @param programs where it and its shim are
   */
  static PeerContainerd start(Path home, Path programs) throws IOException {
    Files.createDirectories(home);
    Path config = home.resolve("config.toml");
    Files.writeString(
        config,
        """
        version = 2
        root = "%1$s/lib"
        state = "%1$s/run"
        disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]
        [grpc]
          address = "%1$s/peer.sock"
        [ttrpc]
          address = "%1$s/peer.ttrpc"
        """
            .formatted(home));
    Program.Running process =
        Program.of(programs.resolve("containerd").toString(), "--config", config.toString())
            .with("PATH", programs + ":" + System.getenv("PATH"))
            .start();
    PeerContainerd peer = new PeerContainerd(home, process);
    try {
      Await.until("containerd serves", Duration.ofSeconds(60), () -> peer.api.serving());
    } catch (AssertionError e) {
      peer.close();
      throw new AssertionError(process.err(), e);
    }
    return peer;
  }

  private static Path socket(Path home) {
    return home.resolve("peer.sock");
  }

  Path socket() {
    return socket(home);
  }

  Api api() {
    return api;
  }

  @Override
  public void close() {
    api.close();
    process.terminate();
    try {
      process.await(Duration.ofSeconds(20));
    } finally {
      process.close();
    }
  }

  @Override
  public String toString() {
    return "containerd in " + home;
  }
}
