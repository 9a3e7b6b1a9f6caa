package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Proxy plugins in both directions: containerd serves Carafe, and Carafe serves containerd. */
@ExtendWith(LeakCheck.class)
class ProxyIT {
  private static final String PEER_NAMESPACE = "carafe";

  private static Containerd containerd(Lab lab, String namespace, String disabled, String toml) {
    return lab.closeLater(
        new Containerd(lab.directory("containerd"), namespace, disabled, toml).start());
  }

  /** A containerd with the lease that keeps what Carafe makes. */
  private static Containerd backEnd(Lab lab) {
    Containerd containerd = containerd(lab, PEER_NAMESPACE, "", "");
    containerd.ctr().ok("leases", "create", "--id", "carafe", "-x", "0");
    return containerd;
  }

  private static String overContainerd(Path socket) {
    return """
    disabled_plugins = ["io.containerd.content.v1.content"]
    [proxy_plugins.remote]
    type = "snapshot"
    address = "%1$s"
    snapshotter = "overlayfs"
    namespace = "carafe"
    lease = "carafe"
    [proxy_plugins.blobs]
    type = "content"
    address = "%1$s"
    namespace = "carafe"
    lease = "carafe"
    """
        .formatted(socket);
  }

  private static Result run(Carafe carafe, String... words) {
    List<String> all =
        new java.util.ArrayList<>(
            List.of("run", "--rm", "--snapshotter", "remote", ImageStock.busybox().name(), "c1"));
    all.addAll(List.of(words));
    return carafe.run(all.toArray(String[]::new));
  }

  private static String snapshots(Containerd containerd) {
    return containerd.ctr().ok("snapshots", "ls");
  }

  @Test
  void containerdKeepsTheSnapshotsAndBlobs(Lab lab) {
    Containerd peer = backEnd(lab);
    TestDaemon daemon = lab.daemon(overContainerd(peer.socket()));
    Carafe carafe = daemon.carafe();
    String image = ImageStock.busybox().name();

    carafe.ok("pull", "--quiet", "--snapshotter", "remote", image);
    assertEquals("hello\n", run(carafe, "echo", "hello").ok());

    assertTrue(snapshots(peer).contains("Committed"), snapshots(peer));
    assertTrue(peer.ctr().ok("content", "ls").contains("sha256:"));
    assertFalse(Files.exists(daemon.root().resolve("io.containerd.content.v1.content")));

    // Its garbage collector has no reason to take anything away, whatever else it does.
    peer.ctr().ok("leases", "create", "--id", "other", "-x", "1h");
    peer.ctr().ok("leases", "rm", "--sync", "other");
    assertEquals("still here\n", run(carafe, "echo", "still here").ok());

    carafe.ok("images", "rm", "--sync", image);
    Await.until("nothing is left in containerd", () -> !snapshots(peer).contains("Committed"));
    Await.until(
        "no blob is left in containerd", () -> !peer.ctr().ok("content", "ls").contains("sha256:"));
  }

  @Test
  void whatContainerdHasIsThereAgainAfterARestartOfEither(Lab lab) {
    Containerd peer = backEnd(lab);
    TestDaemon daemon = lab.daemon(overContainerd(peer.socket()));
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", "--snapshotter", "remote", ImageStock.busybox().name());

    peer.kill();
    Result gone = run(carafe, "true");
    assertTrue(gone.code() != 0, gone::toString);
    assertTrue(gone.err().contains("proxy plugin"), gone::toString);
    assertTrue(gone.err().contains(peer.socket().toString()), gone::toString);

    peer.start();
    assertEquals("back\n", run(carafe, "echo", "back").ok());

    peer.kill();
    daemon.stop();
    daemon.start();
    peer.start();
    assertEquals("again\n", run(carafe, "echo", "again").ok());
    carafe.ok("images", "rm", "--sync", ImageStock.busybox().name());
  }

  @Test
  void aPeerThatIsFrozenFailsItsOwnCallsInTime(Lab lab) {
    Containerd peer = backEnd(lab);
    TestDaemon daemon =
        lab.daemon(
            """
            [proxy_plugins.remote]
            type = "snapshot"
            address = "%s"
            snapshotter = "overlayfs"
            namespace = "carafe"
            lease = "carafe"
            [plugins."io.containerd.snapshotter.v1.remote"]
            deadline_seconds = 5
            """
                .formatted(peer.socket()));
    Carafe carafe = daemon.carafe();
    String image = ImageStock.busybox().name();
    carafe.ok("pull", "--quiet", "--snapshotter", "remote", image);
    carafe.ok("pull", "--quiet", image);
    peer.freeze();
    try {
      long began = System.nanoTime();
      Result late = run(carafe, "true");
      Duration took = Duration.ofNanos(System.nanoTime() - began);

      assertTrue(late.code() != 0, late::toString);
      assertTrue(late.err().contains("io.containerd.snapshotter.v1.remote"), late::toString);
      assertTrue(took.compareTo(Duration.ofSeconds(50)) < 0, took::toString);
      assertEquals("meanwhile\n", carafe.ok("run", "--rm", image, "c2", "echo", "meanwhile"));
    } finally {
      peer.thaw();
    }
    assertEquals("thawed\n", run(carafe, "echo", "thawed").ok());
  }

  @Test
  void peersThatAreNotThereOrSayNothingStopNobody(Lab lab) throws IOException {
    Path mute = lab.directory("mute").resolve("s");
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(mute));
      TestDaemon daemon =
          lab.daemon(
              """
              [proxy_plugins.ghost]
              type = "snapshot"
              address = "%s/nobody"
              [proxy_plugins.mute]
              type = "snapshot"
              address = "%s"
              [proxy_plugins.walker]
              type = "diff"
              address = "%s/nobody"
              [plugins."io.containerd.snapshotter.v1.mute"]
              deadline_seconds = 5
              """
                  .formatted(lab.work(), mute, lab.work()));
      Carafe carafe = daemon.carafe();
      String image = ImageStock.busybox().name();
      carafe.ok("pull", "--quiet", image);
      assertEquals("fine\n", carafe.ok("run", "--rm", image, "c1", "echo", "fine"));

      Result ghost = carafe.run("pull", "--quiet", "--snapshotter", "ghost", image);
      assertTrue(
          ghost.err().contains("proxy plugin ghost at " + lab.work() + "/nobody"), ghost::toString);

      Result silent = carafe.run("pull", "--quiet", "--snapshotter", "mute", image);
      assertTrue(silent.err().contains("io.containerd.snapshotter.v1.mute"), silent::toString);
      assertEquals("fine\n", carafe.ok("run", "--rm", image, "c2", "echo", "fine"));
    }
  }

  @Test
  void containerdRunsOnCarafesSnapshotterAndContentStore(Lab lab) {
    Path socket = lab.directory("backend").resolve("s");
    TestDaemon daemon =
        lab.daemon(
            """
            [backend]
            address = "%s"
            [plugins."io.containerd.grpc.v1.snapshots".aliases]
            carafe = "overlayfs"
            """
                .formatted(socket));
    Containerd containerd =
        containerd(
            lab,
            lab.namespace(),
            ", \"io.containerd.content.v1.content\"",
            """
            [proxy_plugins.carafe]
            type = "snapshot"
            address = "%1$s"
            [proxy_plugins.blobs]
            type = "content"
            address = "%1$s"
            """
                .formatted(socket));
    String image = ImageStock.busybox().name();

    containerd.ctr().ok("images", "pull", "--plain-http", "--snapshotter", "carafe", image);
    assertEquals("hello\n", echo(containerd, image, "hello"));

    Carafe behind = daemon.carafe().in("backend");
    assertTrue(behind.ok("content", "ls").contains("sha256:"));
    assertTrue(behind.ok("snapshots", "ls").contains("COMMITTED"));

    // What containerd has is kept, whatever Carafe's own collector does.
    daemon.carafe().ok("pull", "--quiet", image);
    daemon.carafe().ok("images", "rm", "--sync", image);
    assertEquals("still here\n", echo(containerd, image, "still here"));

    daemon.stop();
    daemon.start();
    // containerd's own connection takes its time to come back.
    Await.until(
        "containerd has found Carafe again",
        Duration.ofSeconds(60),
        () ->
            containerd.ctr().run("snapshots", "--snapshotter", "carafe", "ls").code() == 0
                && containerd.ctr().run("content", "ls").code() == 0);
    assertEquals("after a restart\n", echo(containerd, image, "after a restart"));

    containerd.ctr().ok("images", "rm", "--sync", image);
    Await.until(
        "containerd's collector has removed the snapshots",
        () -> !behind.ok("snapshots", "ls").contains("COMMITTED"));
  }

  private static String echo(Containerd containerd, String image, String word) {
    return containerd.ctr().ok("run", "--rm", "--snapshotter", "carafe", image, "c1", "echo", word);
  }
}
