package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.FieldMask;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an operator configures and labels: who may pull what, what is restarted, what is told. */
@ExtendWith(LeakCheck.class)
class PolicyIT {
  private static final String STATUS = "containerd.io/restart.status";
  private static final String POLICY = "containerd.io/restart.policy";

  private static Path program(Path directory, String name, String... lines) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path program = directory.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program;
  }

  @Test
  void verifierThatRefusesEndsThePullBeforeAnythingIsFetched(Lab lab) throws IOException {
    // Given
    Path bin = lab.directory("verifiers");
    Path seen = lab.work().resolve("seen");
    program(bin, "10-fine", "echo fine");
    program(bin, "20-no", "echo \"$@\" > " + seen, "cat >> " + seen, "echo not signed; exit 1");
    TestDaemon daemon =
        lab.daemon(
            """
            [plugins."io.containerd.image-verifier.v1.bindir"]
            bin_dir = "%s"
            """
                .formatted(bin));
    String image = ImageStock.busybox().name();
    // When
    String error = daemon.carafe().run("pull", "--quiet", image).oneLineError();
    // Then
    assertTrue(error.contains("image verifier bindir"), error);
    assertTrue(error.contains(image) && error.contains("20-no: not signed"), error);
    assertEquals(List.of(), daemon.carafe().lines("content", "ls", "--quiet"));
    assertEquals(List.of(), daemon.carafe().lines("images", "ls", "--quiet"));
    String asked = Files.readString(seen);
    assertTrue(asked.startsWith("-name " + image + " -digest sha256:"), asked);
    assertTrue(
        asked.contains("-stdin-media-type application/vnd.oci.descriptor.v1+json\n{"), asked);
    // When
    program(bin, "20-no", "exit 0");
    // Then
    daemon.carafe().ok("pull", "--quiet", image);
  }

  @Test
  void verifierThatHangsIsARefusalAndLeavesNoProcess(Lab lab) throws IOException {
    Path bin = lab.directory("verifiers");
    Path pid = lab.work().resolve("pid");
    program(bin, "v", "echo $$ > " + pid, "sleep 1000 & wait");
    TestDaemon daemon =
        lab.daemon(
            """
            [plugins."io.containerd.image-verifier.v1.bindir"]
            bin_dir = "%s"
            per_verifier_timeout = "500ms"
            """
                .formatted(bin));

    String error =
        daemon.carafe().run("pull", "--quiet", ImageStock.busybox().name()).oneLineError();

    assertTrue(error.contains("no verdict in 500 ms"), error);
    long process = Long.parseLong(Files.readString(pid).strip());
    Await.until("the verifier is dead", () -> ProcessHandle.of(process).isEmpty());
  }

  @Test
  void credentialHelperSpeaksForTheDaemonWhereTheClientDoesNot(Lab lab) throws IOException {
    // Given
    RegistryProxy proxy = lab.closeLater(RegistryProxy.start()).auth(RegistryProxy.Auth.BASIC);
    Path bin = lab.directory("helpers");
    Path asked = lab.work().resolve("asked");
    program(
        bin,
        "docker-credential-lab",
        "cat >> " + asked,
        "echo '{\"Username\":\"%s\",\"Secret\":\"%s\"}'"
            .formatted(RegistryProxy.USER, RegistryProxy.PASSWORD));
    Path config = lab.work().resolve("config.json");
    Files.writeString(config, "{\"credHelpers\":{\"%s\":\"lab\"}}".formatted(proxy.host()));
    TestDaemon daemon = lab.daemon();
    String image = proxy.name(ImageStock.busybox());
    daemon.carafe().run("pull", "--quiet", image).oneLineError();
    // When
    daemon.config(
        """
        [credentials]
        config_files = ["%s"]
        helper_dirs = ["%s"]
        """
            .formatted(config, bin));
    reload(daemon);
    // Then
    awaitLine(daemon, "dev.carafe.credential-provider.v1.docker-config: reloaded");
    daemon.carafe().ok("pull", "--quiet", image);
    assertEquals(proxy.host(), Files.readString(asked));
    assertTrue(!daemon.log().contains(RegistryProxy.PASSWORD), "the password is in the log");
  }

  private static void reload(TestDaemon daemon) {
    int before = count(daemon);
    Program.of("kill", "-HUP", Long.toString(daemon.pid())).run().ok();
    Await.until("the configuration is read again", () -> count(daemon) > before);
  }

  /** The lines of one reload come one after another. */
  private static void awaitLine(TestDaemon daemon, String part) {
    Await.until("the log says " + part, () -> daemon.log().contains(part));
  }

  private static int count(TestDaemon daemon) {
    return daemon.log().split("configuration (read again|not taken)", -1).length;
  }

  @Test
  void hangUpReloadsWhatCanBeAndSaysWhatNeedsARestart(Lab lab) {
    TestDaemon daemon = lab.daemon();
    daemon.config(
        """
        [debug]
        level = "debug"
        [gc]
        deletion_threshold = 7
        [plugin_limits]
        close_seconds = 4
        [plugins."io.containerd.transfer.v1.local"]
        max_concurrent_downloads = 2
        """);
    reload(daemon);
    awaitLine(daemon, "[plugin_limits]: needs a restart");
    String log = daemon.log();
    assertTrue(log.contains("io.containerd.gc.v1.scheduler: reloaded"), log);
    assertTrue(log.contains("[debug]: reloaded"), log);
    assertTrue(log.contains("io.containerd.transfer.v1.local: needs a restart"), log);

    daemon.config("[gc]\ndeletion_threshold = -1\n");
    reload(daemon);
    awaitLine(daemon, "configuration not taken: ");
    awaitLine(daemon, "deletion_threshold -1 is negative");
    assertTrue(daemon.api().serving());
  }

  @Test
  void containerThatFailsIsStartedAgainAlsoByTheNextDaemon(Lab lab) {
    // Given
    TestDaemon daemon =
        lab.newDaemon()
            .config(
                """
                [plugins."io.containerd.monitor.container.v1.restart"]
                interval = "1s"
                delay = "200ms"
                max_delay = "400ms"
                """)
            .start();
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", ImageStock.busybox().name());
    Path shared = lab.directory("shared");
    Path log = lab.work().resolve("c.log");
    carafe.ok(
        "run",
        "-d",
        "--label",
        STATUS + "=running",
        "--label",
        POLICY + "=on-failure",
        "--label",
        "containerd.io/restart.loguri=file://" + log,
        "--mount",
        "type=bind,src=" + shared + ",dst=/shared",
        ImageStock.busybox().name(),
        "c1",
        "sh",
        "-c",
        "echo run >> /shared/runs; echo said; [ -e /shared/good ] && exit 0; exit 3");
    // Then
    Await.until("it was started three times", () -> runs(shared) >= 3);
    assertTrue(Leaks.read(log).contains("said\n"), "the log URI of the label is used");
    Await.until("the restarts are counted", () -> restarts(carafe) >= 2);
    for (int millis : new int[] {0, 30, 90, 200}) {
      // When, for example between the removal of the old task and the start of the new one
      Await.pause(millis * 1_000_000L);
      daemon.kill();
      long before = runs(shared);
      daemon.start();
      // Then
      Await.until("the next daemon starts it, too", () -> runs(shared) > before + 1);
    }
    // When
    Program.of("touch", shared.resolve("good").toString()).run().ok();
    // Then
    Await.until("it ends well", () -> exitedWell(carafe));
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
  }

  private static long runs(Path shared) {
    Path file = shared.resolve("runs");
    return Files.exists(file) ? Leaks.read(file).lines().count() : 0;
  }

  private static long restarts(Carafe carafe) {
    return carafe
        .json("containers", "info", "c1")
        .path("labels")
        .path("containerd.io/restart.count")
        .asLong();
  }

  private static boolean exitedWell(Carafe carafe) {
    for (JsonNode task : carafe.json("tasks", "ls", "--format", "json")) {
      if (task.get("status").asText().equals("STOPPED")) {
        return carafe.run("tasks", "wait", "c1").code() == 0;
      }
    }
    return false;
  }

  @Test
  void containerThatMustNotRunIsStopped(Lab lab) {
    TestDaemon daemon =
        lab.newDaemon()
            .config(
                """
                [plugins."io.containerd.monitor.container.v1.restart"]
                interval = "500ms"
                """)
            .start();
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", ImageStock.busybox().name());
    carafe.ok("run", "-d", ImageStock.busybox().name(), "c1", "sleep", "1000");
    ContainersGrpc.newBlockingStub(daemon.api().in(daemon.namespace()))
        .update(
            UpdateContainerRequest.newBuilder()
                .setContainer(Container.newBuilder().setId("c1").putLabels(STATUS, "stopped"))
                .setUpdateMask(FieldMask.newBuilder().addPaths("labels." + STATUS))
                .build());

    Await.until("its task is gone", () -> carafe.json("tasks", "ls", "--format", "json").isEmpty());
    carafe.ok("containers", "rm", "c1");
  }

  /** CVE-2026-53488: an image must not choose what the daemon runs. */
  @Test
  void labelsOfAnImageThatTheMonitorReadsAreNotTaken(Lab lab) {
    TestDaemon daemon = lab.daemon();
    String image =
        ImageStock.pushed(
                "policy-labels",
                () ->
                    TestImage.of(ImageStock.busyboxLayer())
                        .config(
                            "Labels",
                            Map.of(
                                STATUS,
                                "running",
                                "containerd.io/restart.loguri",
                                "binary:///bin/touch?/proof",
                                "io.cri-containerd.kind",
                                "sandbox",
                                "harmless",
                                "yes")))
            .name();
    daemon.carafe().ok("pull", "--quiet", image);
    daemon.carafe().ok("containers", "create", image, "c1", "true");

    JsonNode labels = daemon.carafe().json("containers", "info", "c1").path("labels");

    assertEquals("yes", labels.path("harmless").asText(), labels::toString);
    assertTrue(labels.path(STATUS).isMissingNode(), labels::toString);
    assertTrue(
        labels.path("containerd.io/restart.loguri").isMissingNode()
            && labels.path("io.cri-containerd.kind").isMissingNode(),
        labels::toString);
    daemon.carafe().ok("containers", "rm", "c1");
  }

  @Test
  void metricsAreServedUnderContainerdsNames(Lab lab) throws IOException {
    Path socket = lab.work().resolve("metrics.sock");
    TestDaemon daemon = lab.daemon("[metrics]\naddress = \"%s\"\n".formatted(socket));
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", ImageStock.busybox().name());
    carafe.ok("run", "-d", ImageStock.busybox().name(), "c1", "sleep", "1000");

    String page = page(socket);

    String labels = "{container_id=\"c1\",namespace=\"" + daemon.namespace() + "\"}";
    assertTrue(
        page.contains("container_cpu_total_nanoseconds" + labels)
            || page.contains("container_cpu_usage_usec_microseconds" + labels),
        page);
    assertTrue(page.contains("container_pids_current" + labels + " 1\n"), page);
    assertTrue(
        page.contains("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Transfer\""), page);
    assertTrue(page.contains("carafe_pull_seconds_count{outcome=\"success\"} 1\n"), page);
    assertTrue(page.contains("carafe_unpack_seconds_count{outcome=\"success\"}"), page);
    assertTrue(page.contains("carafe_task_start_seconds_count{outcome=\"success\"} 1\n"), page);
    assertTrue(
        page.contains("carafe_plugin_calls_total{plugin=\"io.containerd.runtime.v2.oci\"}"), page);
    carafe.ok("tasks", "kill", "--signal", "KILL", "c1");
    carafe.run("tasks", "wait", "c1");
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "rm", "c1");
    daemon.stop();
    assertTrue(!Files.exists(socket), "the socket goes with the daemon");
  }

  private static String page(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      channel.write(
          ByteBuffer.wrap(
              "GET /v1/metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer page = ByteBuffer.allocate(4 << 20);
      while (page.hasRemaining() && channel.read(page) >= 0) {
        continue;
      }
      return new String(page.array(), 0, page.position(), StandardCharsets.UTF_8);
    }
  }
}
