package dev.carafe.integration;

import static dev.carafe.integration.Entry.block;
import static dev.carafe.integration.Entry.character;
import static dev.carafe.integration.Entry.dir;
import static dev.carafe.integration.Entry.fifo;
import static dev.carafe.integration.Entry.file;
import static dev.carafe.integration.Entry.link;
import static dev.carafe.integration.Entry.opaque;
import static dev.carafe.integration.Entry.symlink;
import static dev.carafe.integration.Entry.whiteout;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of every kind unpack to exactly the files that they say, whatever keeps them. */
@ExtendWith(LeakCheck.class)
class PullTreesIT {
  /** cap_net_raw=ep, version 2 (capability.h, struct vfs_cap_data). */
  private static final byte[] NET_RAW = {
    1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static ImageStock.Stocked everything() {
    return ImageStock.pushed(
        "everything",
        () ->
            TestImage.of(
                Layer.of(
                    dir("/bin"),
                    dir("/etc").mode(0750).owner(1000, 50),
                    file("/etc/kept", "lower").time(Instant.parse("1999-12-31T23:59:59.5Z")),
                    file("/etc/replaced", "lower").mode(0600),
                    file("/etc/removed", "gone"),
                    dir("/etc/removed.d"),
                    file("/etc/removed.d/inner", "gone too"),
                    dir("/opaque"),
                    file("/opaque/hidden", "hidden"),
                    dir("/opaque/hidden.d"),
                    file("/opaque/hidden.d/deep", "hidden"),
                    symlink("/link", "etc/kept"),
                    symlink("/dangling", "/no/such/file"),
                    file("/bin/ping", "#!ping")
                        .mode(04755)
                        .attribute("security.capability", NET_RAW),
                    file("/etc/attributed", "x")
                        .attribute("user.colour", "blue")
                        .attribute("user.empty", ""),
                    dir("/attributed.d").attribute("user.on", "a directory"),
                    file("/etc/one", "three names"),
                    link("/etc/two", "/etc/one"),
                    link("/three", "/etc/one"),
                    fifo("/fifo").mode(0620),
                    character("/null", 1, 3),
                    block("/disk", 7, 200),
                    dir("/sticky").mode(01777),
                    dir("/setgid").mode(02775).owner(0, 50),
                    file("/owned", "by a high id").owner(65534, 4_000_000),
                    file("/empty", ""),
                    dir("/dir-to-file"),
                    file("/dir-to-file/inner", "x"),
                    file("/file-to-dir", "x"),
                    symlink("/link-to-dir", "etc")),
                Layer.of(
                    dir("/etc").mode(0755).owner(0, 0),
                    file("/etc/replaced", "upper").mode(0644),
                    whiteout("/etc/removed"),
                    whiteout("/etc/removed.d"),
                    dir("/opaque").mode(0700),
                    opaque("/opaque"),
                    file("/opaque/new", "shown"),
                    file("/dir-to-file", "a file now"),
                    dir("/file-to-dir"),
                    file("/file-to-dir/inner", "inside"),
                    dir("/link-to-dir"),
                    file("/link-to-dir/own", "not in etc"),
                    dir("/été"),
                    file("/été/naïve ☕ file", "unicode"),
                    file("/with space\\and backslash", "x"),
                    dir("/deep")),
                Layer.of(
                    whiteout("/three"),
                    file("/deep/added", "its directory is only in the layer below"),
                    file("/etc/added", "likewise"),
                    link("/etc/other-name", "/etc/added"),
                    file("/" + "long-name-".repeat(24), "240 characters"))));
  }

  private static ImageStock.Stocked linksAcrossLayers() {
    return ImageStock.pushed(
        "links",
        () ->
            TestImage.of(
                Layer.of(dir("/a"), file("/a/file", "one inode"), dir("/b")),
                new Layer(
                    List.of(dir("/b"), file("/b/own", "x"), link("/b/name", "/a/file")),
                    Layer.of(dir("/b"), file("/b/own", "x"), link("/b/name", "/a/file")).archive(),
                    Layer.Compression.GZIP)));
  }

  private static void assertUnpacksTo(
      Lab lab, TestDaemon daemon, String name, TestImage image, String snapshotter) {
    daemon.carafe().ok("pull", "--quiet", "--snapshotter", snapshotter, name);
    image
        .files()
        .assertSameAs(
            MountedTree.of(lab, daemon.carafe(), snapshotter, image.chainIds().getLast()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void everyKindOfFileArrives(String snapshotter, Lab lab) {
    ImageStock.Stocked image = everything();
    assertUnpacksTo(lab, lab.daemon(), image.name(), image.image(), snapshotter);
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void hardLinkToAFileOfALowerLayerIsTheSameFile(String snapshotter, Lab lab) {
    ImageStock.Stocked image = linksAcrossLayers();
    assertUnpacksTo(lab, lab.daemon(), image.name(), image.image(), snapshotter);
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void fileOverwrittenInEightLayersIsTheUppermost(String snapshotter, Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    assertUnpacksTo(lab, lab.daemon(), image.name(), image.image(), snapshotter);
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void anImageOfAHundredLayersUnpacks(String snapshotter, Lab lab) {
    ImageStock.Stocked image =
        ImageStock.pushed(
            "hundred",
            () ->
                TestImage.of(
                    IntStream.range(0, 100)
                        .mapToObj(i ->
                            i % 10 == 9
                                ? Layer.of(
                                    dir("/d"),
                                    whiteout("/d/" + (i - 5)),
                                    file("/d/" + i, "layer " + i))
                                : Layer.of(
                                    dir("/d"),
                                    file("/d/" + i, "layer " + i),
                                    file("/last", "" + i)))
                        .toList()));
    assertUnpacksTo(lab, lab.daemon(), image.name(), image.image(), snapshotter);
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void layersOfAllCompressionsUnpack(String snapshotter, Lab lab) {
    ImageStock.Stocked image =
        ImageStock.pushed(
            "compressions",
            () -> {
              List<Layer> layers = ImageStock.randomLayers(3, 100_000, 3);
              return TestImage.of(
                  layers.get(0).compressed(Layer.Compression.NONE),
                  layers.get(1).compressed(Layer.Compression.ZSTD),
                  layers.get(2).compressed(Layer.Compression.GZIP));
            });
    assertUnpacksTo(lab, lab.daemon(), image.name(), image.image(), snapshotter);
  }

  @Test
  void sparseFileArrivesWithItsHolesAndItsTimeToTheNanosecond(Lab lab) throws IOException {
    // Given
    Path source = lab.directory("sparse");
    Path file = source.resolve("sparse");
    long hole = 64L << 20;
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(hole);
      bytes.writeBytes("tail");
    }
    Instant time = Instant.parse("2020-02-02T02:02:02.123456789Z");
    Files.setLastModifiedTime(file, FileTime.from(time));
    Path archive = lab.work().resolve("sparse.tar");
    Program.of(
            "tar",
            "-C",
            source.toString(),
            "--sparse",
            "--format=posix",
            "-cf",
            archive.toString(),
            "sparse")
        .run()
        .ok();
    Layer layer = new Layer(List.of(), Files.readAllBytes(archive), Layer.Compression.GZIP);
    TestImage image = TestImage.of(layer);
    String name = TestRegistry.shared().push(image, "sparse");
    TestDaemon daemon = lab.daemon();
    // When
    daemon.carafe().ok("pull", "--quiet", name);
    // Then
    FileTree.Node node =
        MountedTree.of(lab, daemon.carafe(), "overlayfs", image.chainIds().getLast())
            .nodes()
            .get("/sparse");
    assertEquals((hole + 4) + " " + Digests.sha256(file), node.facts());
    assertEquals(time, node.time());
    long kept =
        daemon
            .carafe()
            .json("snapshots", "usage", "--format", "json", image.chainIds().getLast())
            .get(0)
            .get("size")
            .asLong();
    assertTrue(kept < 1 << 20, () -> "takes " + kept + " bytes on disk");
  }

  @Test
  void indexGivesTheImageOfThePlatform(Lab lab) {
    // Given
    TestImage own = TestImage.of(Layer.of(file("/arch", "own")));
    TestImage other = TestImage.of(Layer.of(file("/arch", "other"))).on("s390x");
    String name = TestRegistry.shared().pushIndex(List.of(other, own), "index");
    TestDaemon daemon = lab.daemon();
    // When
    daemon.carafe().ok("pull", "--quiet", name);
    // Then
    own.files()
        .assertSameAs(MountedTree.of(lab, daemon.carafe(), "overlayfs", own.chainIds().getLast()));
    List<String> blobs = daemon.carafe().lines("content", "ls", "-q");
    assertTrue(blobs.containsAll(own.blobs()), blobs::toString);
    assertTrue(
        other.blobs().stream().noneMatch(blobs::contains),
        "the other platform was fetched as well");
    // When
    daemon.carafe().ok("pull", "--quiet", "--platform", "linux/s390x", name);
    // Then
    other
        .files()
        .assertSameAs(
            MountedTree.of(lab, daemon.carafe(), "overlayfs", other.chainIds().getLast()));
  }

  @Test
  void dockerSchema2Unpacks(Lab lab) {
    TestImage image = TestImage.of(ImageStock.randomLayers(2, 50_000, 22));
    TestRegistry registry = TestRegistry.shared();
    Path layout = lab.directory("layout");
    image.writeLayout(layout, "t");
    String name = registry.copy("oci:" + layout + ":t", "schema2", List.of("--format", "v2s2"));
    TestDaemon daemon = lab.daemon();
    assertUnpacksTo(lab, daemon, name, image, "overlayfs");
    assertTrue(
        daemon
            .carafe()
            .ok("images", "ls", "--format", "json")
            .contains("application/vnd.docker.distribution.manifest.v2+json"));
  }

  @Test
  void imageThatWentThroughADockerArchiveUnpacks(Lab lab) {
    TestImage image = TestImage.of(ImageStock.randomLayers(3, 50_000, 23));
    Path layout = lab.directory("layout");
    image.writeLayout(layout, "t");
    Path archive = lab.work().resolve("docker.tar");
    TestRegistry.skopeo(
        "oci:" + layout + ":t", "docker-archive:" + archive + ":some/name:t", List.of());
    String name = TestRegistry.shared().copy("docker-archive:" + archive, "archived", List.of());
    assertUnpacksTo(lab, lab.daemon(), name, image, "overlayfs");
  }

  @Test
  void imageThatBuildahBuiltUnpacks(Lab lab) throws IOException {
    // Given
    Path files = lab.directory("files");
    Files.createDirectories(files.resolve("sub"));
    Files.writeString(files.resolve("sub/built"), "by buildah");
    List<String> storage =
        List.of(
            "--root", lab.work().resolve("buildah").toString(),
            "--runroot", lab.work().resolve("buildah-run").toString(),
            "--storage-driver", "vfs");
    String container = buildah(storage, "from", "scratch").strip();
    buildah(storage, "copy", container, files.toString(), "/");
    buildah(storage, "commit", "--quiet", container, "built:t");
    String name = TestRegistry.shared().host() + "/built:latest";
    buildah(storage, "push", "--quiet", "--tls-verify=false", "built:t", "docker://" + name);
    buildah(storage, "rm", container);
    TestDaemon daemon = lab.daemon();
    // When
    daemon.carafe().ok("pull", "--quiet", name);
    // Then
    String top =
        daemon.carafe().json("snapshots", "ls", "--format", "json").get(0).get("key").asText();
    FileTree.Node built =
        MountedTree.of(lab, daemon.carafe(), "overlayfs", top).nodes().get("/sub/built");
    assertEquals(
        "10 " + Digests.sha256("by buildah".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
        built.facts());
  }

  private static String buildah(List<String> storage, String... words) {
    List<String> arguments = new ArrayList<>(storage);
    arguments.addAll(List.of(words));
    return Program.of(Setup.tool("buildah"), arguments)
        .with("BUILDAH_ISOLATION", "chroot")
        .run()
        .ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlayfs", "native"})
  void containerSeesTheFilesOfTheImage(String snapshotter, Lab lab) {
    // Given
    ImageStock.Stocked image =
        ImageStock.pushed(
            "busybox-files",
            () ->
                TestImage.of(
                    ImageStock.busyboxLayer(),
                    Layer.of(dir("/files"), file("/files/a", "lower"), file("/files/b", "b")),
                    Layer.of(
                        dir("/files"),
                        file("/files/a", "upper"),
                        whiteout("/files/b"),
                        file("/files/c", "c"))));
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", "--snapshotter", snapshotter, image.name());
    // When
    String seen =
        carafe.ok(
            "run",
            "--rm",
            "--snapshotter",
            snapshotter,
            image.name(),
            "c1",
            "sh",
            "-c",
            "find /files -type f | sort | xargs sha256sum");
    // Then
    assertEquals("%s  /files/a\n%s  /files/c\n".formatted(hex("upper"), hex("c")), seen);
  }

  private static String hex(String text) {
    return Digests.sha256(text.getBytes(java.nio.charset.StandardCharsets.UTF_8))
        .substring("sha256:".length());
  }
}
