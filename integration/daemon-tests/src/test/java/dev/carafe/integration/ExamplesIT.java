package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The jars of {@code examples/}, dropped into a folder of the packaged daemon. */
@ExtendWith(LeakCheck.class)
class ExamplesIT {
  private static final List<String> JARS =
      List.of("snapshotter-hardlink", "log-driver", "image-verifier", "image-format-aci");

  /** A folder with the examples' jars, root's only. */
  private static Path jars(Lab lab) throws IOException {
    Path built = Path.of(System.getProperty("carafe.examples", "target/examples"));
    Path folder = lab.directory("plugins");
    for (String name : JARS) {
      Path jar = built.resolve(name + ".jar");
      assertTrue(Files.exists(jar), jar + " is missing: ./dev examples builds it");
      Files.copy(jar, folder.resolve(name + ".jar"));
    }
    return folder;
  }

  private static TestDaemon daemon(Lab lab, Path allowed) throws IOException {
    return lab.daemon(
        """
        plugin_dirs = ["%s"]
        [cri]
        snapshotter = "hardlink"
        log_driver = "json-lines"
        image_platforms = ["wasi/wasm"]
        [runtimes.wasm]
        version = "v2"
        plugin = "%s"
        [plugins."dev.carafe.log-driver.v1.json-lines"]
        directory = "%s"
        [plugins."io.containerd.image-verifier.v1.allowlist"]
        file = "%s"
        """
            .formatted(
                jars(lab),
                Setup.dist().resolve("plugins/carafe-runtime-wasm.jar"),
                lab.directory("lines"),
                allowed));
  }

  private static List<String> lines(Path directory) throws IOException {
    List<String> lines = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          lines.add(line.replaceFirst("\"time\":\"[^\"]*\",", ""));
        }
      }
    }
    return lines;
  }

  @Test
  void everyExampleRuns(Lab lab) throws IOException {
    TestDaemon daemon = daemon(lab, Files.writeString(lab.work().resolve("allowed"), ""));
    List<String> plugins = daemon.carafe().lines("plugins", "ls");
    for (String id : List.of("hardlink", "json-lines", "allowlist", "aci")) {
      assertTrue(
          plugins.stream().anyMatch(line -> line.contains(" " + id + " ") && line.contains("ok")),
          () -> id + " in " + String.join("\n", plugins));
    }
  }

  @Test
  void aPodRunsOnTheSnapshotterAndLogsThroughTheDriverOnceTheVerifierAllowsItsImage(Lab lab)
      throws Exception {
    // Given
    Path allowed = Files.writeString(lab.work().resolve("allowed"), "# nothing yet\n");
    Cri cri = Cri.of(lab, daemon(lab, allowed));

    // Then
    StatusRuntimeException refused = assertThrows(StatusRuntimeException.class, cri::pull);
    assertTrue(String.valueOf(refused.getMessage()).contains("is not on the list"));
    assertEquals(List.of(), cri.images(""));

    // When
    Files.writeString(allowed, cri.imageName() + "\n");
    String image = cri.pull();
    String pod = cri.run("pod", 0);
    String container =
        cri.create(pod, "c1", image, "sh", "-c", "echo \"a line\"; echo an error >&2");
    cri.start(container);
    assertEquals(0, cri.awaitEnd(container).getExitCode());

    // Then
    List<String> snapshots =
        cri.daemon().carafe().in("k8s.io").lines("snapshots", "ls", "--snapshotter", "hardlink");
    assertTrue(
        snapshots.stream().anyMatch(line -> line.contains(container)),
        () -> String.join("\n", snapshots));
    Await.until("both lines", () -> lines(lab.directory("lines")).size() == 2);
    List<String> logged = lines(lab.directory("lines"));
    assertTrue(
        logged.stream().anyMatch(line -> line.contains("\"stdout\",\"text\":\"a line\"")),
        logged::toString);
    assertTrue(
        logged.stream().anyMatch(line -> line.contains("\"stderr\",\"text\":\"an error\"")),
        logged::toString);
  }

  @Test
  void aPodOfWebAssemblyGoesThroughAllOfThem(Lab lab) throws Exception {
    // Given
    String name = WasmIT.image();
    Path allowed = Files.writeString(lab.work().resolve("allowed"), "# nothing yet\n");
    Cri cri = Cri.of(lab, daemon(lab, allowed));
    assertThrows(StatusRuntimeException.class, () -> cri.pull(name));

    // When
    Files.writeString(allowed, name + "\n");
    cri.pull(name);
    String container = cri.create(cri.runIn("p1", "wasm"), Cri.config("c1", name).build());
    cri.start(container);

    // Then
    assertEquals(7, cri.awaitEnd(container).getExitCode());
    assertTrue(
        cri
            .daemon()
            .carafe()
            .in("k8s.io")
            .lines("snapshots", "ls", "--snapshotter", "hardlink")
            .stream()
            .anyMatch(line -> line.contains(container)));
    Await.until("both lines", () -> lines(lab.directory("lines")).size() == 2);
    String logged = String.join("\n", lines(lab.directory("lines")));
    assertTrue(logged.contains("\"stdout\",\"text\":\"out\""), logged);
    assertTrue(logged.contains("\"stderr\",\"text\":\"err\""), logged);
  }

  @Test
  void anImageOfAppcIsImportedAndRun(Lab lab) throws IOException {
    // Given
    TestDaemon daemon = daemon(lab, Files.writeString(lab.work().resolve("allowed"), "*\n"));
    Path aci = lab.work().resolve("hello.aci");
    writeAci(aci);

    // When
    daemon.carafe().ok("import", "--snapshotter", "hardlink", "--quiet", aci.toString());

    // Then
    assertEquals(
        "hello of /opt: from appc",
        daemon
            .carafe()
            .ok("run", "--snapshotter", "hardlink", "--rm", "example.com/hello:1.0", "hello")
            .strip());
    assertFalse(daemon.carafe().lines("images", "ls", "--quiet").isEmpty());
  }

  private static void writeAci(Path file) throws IOException {
    String manifest =
        """
        {"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/hello",
         "labels": [{"name": "version", "value": "1.0"}, {"name": "os", "value": "linux"},
                    {"name": "arch", "value": "amd64"}],
         "app": {"exec": ["/bin/sh", "-c", "echo hello of $(pwd): $WHERE"], "user": "0",
                 "group": "0", "workingDirectory": "/opt",
                 "environment": [{"name": "WHERE", "value": "from appc"}]}}
        """;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(out))) {
      add(tar, "manifest", manifest.getBytes(StandardCharsets.UTF_8));
      for (String directory : List.of("rootfs/", "rootfs/bin/", "rootfs/opt/")) {
        add(tar, directory, new byte[0]);
      }
      add(tar, "rootfs/bin/busybox", Files.readAllBytes(Setup.tool("busybox")));
      TarArchiveEntry sh = new TarArchiveEntry("rootfs/bin/sh", TarConstants.LF_LINK);
      sh.setLinkName("rootfs/bin/busybox");
      tar.putArchiveEntry(sh);
      tar.closeArchiveEntry();
    }
  }

  private static void add(TarArchiveOutputStream tar, String name, byte[] bytes)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(bytes.length);
    entry.setMode(entry.isDirectory() ? 040755 : 0100755);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }
}
