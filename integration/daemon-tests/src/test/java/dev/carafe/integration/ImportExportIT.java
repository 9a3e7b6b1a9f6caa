package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Archives: what others read of ours, what we read of theirs, and what becomes of wrong ones. */
@ExtendWith(LeakCheck.class)
class ImportExportIT {
  private static Path file(Lab lab, String name) {
    return lab.work().resolve(name);
  }

  private static String inspect(String image) {
    return Program.of(Setup.tool("skopeo"), List.of("inspect", "--format", "{{.Digest}}", image))
        .run()
        .ok()
        .strip();
  }

  private static Path packed(Path from, Path to, boolean gzip) throws IOException {
    try (OutputStream file = Files.newOutputStream(to);
        OutputStream out = gzip ? new GZIPOutputStream(file) : new ZstdOutputStream(file)) {
      Files.copy(from, out);
    }
    return to;
  }

  @Test
  void skopeoReadsWhatIsExported(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", image.name());
    Path archive = file(lab, "ours.tar");
    // When
    carafe.ok("export", "--quiet", archive.toString(), image.name());
    // Then
    assertEquals(image.image().manifestDigest(), inspect("oci-archive:" + archive));
    TestRegistry.skopeo("docker-archive:" + archive, "dir:" + lab.directory("docker"), List.of());
    TestRegistry.skopeo("oci-archive:" + archive, "dir:" + lab.directory("oci"), List.of());
    assertEquals(List.of(), carafe.lines("leases", "ls", "-q"));
  }

  @Test
  void anExportComesBackAsItWas(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", image.name());
    Path archive = file(lab, "back.tar");
    daemon.carafe().ok("export", "--quiet", archive.toString(), image.name());
    daemon.carafe().ok("images", "rm", "--sync", image.name());
    StoreFiles.assertEmpty(daemon);
    // When
    List<String> lines = daemon.carafe().lines("import", archive.toString());
    // Then
    assertEquals(image.name() + ": saved", lines.getLast());
    image
        .image()
        .files()
        .assertSameAs(
            MountedTree.of(lab, daemon.carafe(), "overlayfs", image.image().chainIds().getLast()));
    daemon.carafe().ok("images", "check");
  }

  @Test
  void whatSkopeoSavesIsImported(Lab lab) throws IOException {
    // Given
    ImageStock.Stocked image = ImageStock.busybox();
    List<String> plain = List.of("--src-tls-verify=false");
    Path docker = file(lab, "docker.tar");
    TestRegistry.skopeo(
        "docker://" + image.name(), "docker-archive:" + docker + ":docker.io/library/d:1", plain);
    Path oci = file(lab, "oci.tar");
    TestRegistry.skopeo("docker://" + image.name(), "oci-archive:" + oci + ":o.example/o:1", plain);
    Carafe carafe = lab.daemon().carafe();
    // When
    carafe.ok("import", "--quiet", docker.toString());
    carafe.ok("import", "--quiet", packed(oci, file(lab, "oci.tar.gz"), true).toString());
    carafe.ok(
        "import",
        "--quiet",
        "--base-name",
        "named/here",
        packed(docker, file(lab, "docker.tar.zst"), false).toString());
    // Then
    List<String> names = carafe.lines("images", "ls", "-q");
    assertEquals(List.of("docker.io/library/d:1", "o.example/o:1"), names);
    assertEquals("hi\n", carafe.ok("run", "--rm", "docker.io/library/d:1", "c1", "echo", "hi"));
    assertEquals("hi\n", carafe.ok("run", "--rm", "o.example/o:1", "c2", "echo", "hi"));
  }

  @Test
  void severalImagesAndPlatformsShareAnArchive(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestImage one = TestImage.of(ImageStock.randomLayers(1, 10_000, 51)).on("amd64");
    TestImage other = TestImage.of(ImageStock.randomLayers(1, 10_000, 52)).on("arm64");
    String index = TestRegistry.shared().pushIndex(List.of(one, other), "export-index");
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", image.name());
    carafe.ok("pull", "--quiet", "--all-platforms", "--no-unpack", index);
    Path archive = file(lab, "several.tar");
    // When
    carafe.ok("export", "--quiet", "--all-platforms", archive.toString(), image.name(), index);
    Carafe fresh = carafe.in(lab.namespace() + "b");
    fresh.ok("import", "--quiet", "--no-unpack", "--all-platforms", archive.toString());
    // Then
    assertEquals(
        List.of(image.name(), index).stream().sorted().toList(),
        fresh.lines("images", "ls", "-q").stream().sorted().toList());
    assertTrue(fresh.lines("content", "ls", "-q").contains(other.manifestDigest()));
    fresh.lines("images", "ls", "-q").forEach(name -> fresh.ok("images", "rm", "--sync", name));
  }

  @Test
  void wrongArchivesFailWithOneLineAndLeaveNothing(Lab lab) throws IOException {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    Path whole = file(lab, "whole.tar");
    daemon.carafe().ok("pull", "--quiet", "--no-unpack", image.name());
    daemon.carafe().ok("export", "--quiet", whole.toString(), image.name());
    daemon.carafe().ok("images", "rm", "--sync", image.name());
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = Files.write(file(lab, "cut.tar"), Arrays.copyOf(bytes, bytes.length / 2));
    bytes[bytes.length - 3000] ^= 1;
    Path damaged = Files.write(file(lab, "damaged.tar"), bytes);
    Path text = Files.writeString(file(lab, "text.tar"), "no archive\n".repeat(1000));
    // When
    for (Path wrong : List.of(cut, damaged, text)) {
      daemon.carafe().run("import", "--quiet", wrong.toString()).oneLineError();
    }
    daemon.carafe().run("import", "--quiet", file(lab, "none.tar").toString()).oneLineError();
    // Then
    daemon.carafe().ok("gc");
    StoreFiles.assertEmpty(daemon);
    assertEquals(List.of(), daemon.carafe().lines("leases", "ls", "-q"));
  }

  @Test
  void anImportThatIsInterruptedLeavesNothing(Lab lab) throws IOException {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    Path whole = file(lab, "whole.tar");
    daemon.carafe().ok("pull", "--quiet", "--no-unpack", image.name());
    daemon.carafe().ok("export", "--quiet", whole.toString(), image.name());
    daemon.carafe().ok("images", "rm", "--sync", image.name());
    // When: a FIFO that stays open after half of the archive
    Path fifo = file(lab, "fifo");
    Program.of("mkfifo", fifo.toString()).run().ok();
    try (Program.Running running =
            daemon.carafe().program("import", "--quiet", fifo.toString()).start();
        OutputStream out = Files.newOutputStream(fifo)) {
      byte[] bytes = Files.readAllBytes(whole);
      out.write(bytes, 0, bytes.length / 2);
      out.flush();
      Await.until(
          "the daemon has taken some",
          () -> !daemon.carafe().json("content", "active", "--format", "json").isEmpty());
      running.process().destroyForcibly();
    }
    // Then
    Await.until(
        "the daemon has noticed",
        () -> daemon.carafe().json("leases", "ls", "--format", "json").isEmpty());
    daemon.carafe().ok("gc");
    StoreFiles.assertEmpty(daemon);
  }

  @Test
  void containerdsClientsImportAndExport(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", image.name());
    int count = 0;
    for (CtrProgram ctr : CtrProgram.all(daemon)) {
      for (List<String> way : ctr.ways()) {
        Path archive = file(lab, "ctr" + count++ + ".tar");
        ctr.ok(
            CtrProgram.words(List.of("images", "export"), way, archive.toString(), image.name()));
        assertEquals(image.image().manifestDigest(), inspect("oci-archive:" + archive));
        daemon.carafe().ok("images", "rm", "--sync", image.name());
        ctr.ok(CtrProgram.words(List.of("images", "import"), way, archive.toString()));
        assertTrue(daemon.carafe().lines("images", "ls", "-q").contains(image.name()));
      }
    }
  }

  @Test
  void containerdsClientsTagConvertMountAndCheck(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", image.name());
    for (CtrProgram ctr : CtrProgram.all(daemon)) {
      ctr.ok("images", "tag", "--force", image.name(), "tagged.example/x:1");
      String check = ctr.ok("images", "check");
      assertTrue(check.contains("tagged.example/x:1") && !check.contains("incomplete"), check);
      Path mount = lab.directory("mount");
      ctr.ok("images", "mount", image.name(), mount.toString());
      ctr.ok("images", "unmount", "--rm", mount.toString());
      ctr.ok("images", "convert", "--uncompress", "--oci", image.name(), "conv.example/x:1");
      daemon.carafe().ok("images", "check", "name==conv.example/x:1");
      if (ctr.transfers()) {
        ctr.ok("images", "usage", image.name());
      }
    }
  }

  @Test
  void imagesAreInspectedMountedConvertedAndUnpacked(Lab lab) throws IOException {
    ImageStock.Stocked image = ImageStock.eightLayers();
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", "--no-unpack", image.name());
    assertTrue(carafe.ok("images", "check").contains("false"));
    assertEquals(
        image.image().chainIds().getLast(), carafe.ok("snapshots", "unpack", image.name()).strip());
    String check = carafe.ok("images", "check");
    assertTrue(check.contains("complete (10/10)") && check.contains("true"), check);
    String tree = carafe.ok("images", "inspect", image.name());
    image.image().blobs().forEach(blob -> assertTrue(tree.contains(blob), tree));
    Path mount = lab.directory("mount");
    carafe.ok("images", "mount", image.name(), mount.toString());
    try (var files = Files.list(mount)) {
      assertTrue(files.findAny().isPresent());
    }
    carafe.ok("images", "unmount", "--rm", mount.toString());
    carafe.ok("images", "convert", "--uncompress", image.name(), "plain.example/x:1");
    carafe.ok("images", "check");
    carafe.ok("images", "usage");
    assertEquals(8, carafe.lines("snapshots", "tree").size());
    Path diff = file(lab, "diff");
    Files.writeString(
        diff,
        carafe.ok(
            "snapshots",
            "diff",
            "--media-type",
            "application/vnd.oci.image.layer.v1.tar",
            image.image().chainIds().getFirst()));
    assertTrue(Files.size(diff) > 1000);
    assertEquals(List.of(), carafe.lines("leases", "ls", "-q"));
  }

  @Test
  void filesGoIntoContainersAndOut(Lab lab) throws IOException {
    // Given
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    carafe.ok("run", "--detach", ImageStock.busybox().name(), "c1", "sleep", "600");
    Path in = lab.directory("in/sub");
    Files.writeString(in.resolve("file"), "hello\n");
    Files.writeString(in.resolve(".wh.odd"), "");
    Path archive = file(lab, "in.tar");
    Program.of("tar", "-C", lab.work().resolve("in").toString(), "-cf", archive.toString(), ".")
        .run()
        .ok();
    // When
    carafe.ok("containers", "cp", archive.toString(), "c1:/tmp");
    // Then
    assertEquals("hello\n", carafe.ok("tasks", "exec", "c1", "cat", "/tmp/sub/file"));
    carafe.ok("tasks", "exec", "c1", "test", "-e", "/tmp/sub/.wh.odd");
    carafe.ok("containers", "cp", "c1:/tmp/sub", file(lab, "out.tar").toString());
    String listed = Program.of("tar", "-tf", file(lab, "out.tar").toString()).run().ok();
    assertEquals("sub/\nsub/.wh.odd\nsub/file\n", listed);
    carafe.run("containers", "cp", "c1:/none", file(lab, "x.tar").toString()).oneLineError();
    assertFalse(Files.exists(file(lab, "x.tar")));
    // When it has ended
    carafe.ok("tasks", "kill", "-s", "KILL", "c1");
    carafe.run("tasks", "wait", "c1");
    carafe.ok("tasks", "rm", "c1");
    carafe.ok("containers", "cp", "c1:/tmp/sub/file", file(lab, "stopped.tar").toString());
    assertEquals(
        "file\n", Program.of("tar", "-tf", file(lab, "stopped.tar").toString()).run().ok());
    carafe.ok("containers", "rm", "c1");
  }
}
