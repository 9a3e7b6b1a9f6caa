package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What well-formed archives become. */
@ExtendWith(LeakCheck.class)
class ExtractionTest {
  private Path root;
  private Layers layers;

  @BeforeEach
  void prepare(WorkDirectory work) throws IOException {
    root = Files.createDirectories(work.path().resolve("root"));
    layers = new Layers(work.path());
  }

  private FileStat stat(String path) {
    return PathCalls.statx(Fd.CWD, RawPath.of(root.resolve(path)), AtFlags.SYMLINK_NOFOLLOW);
  }

  private String text(String path) throws IOException {
    return Files.readString(root.resolve(path));
  }

  @Test
  void everyTypeIsCreatedWithItsAttributes() throws IOException {
    byte[] layer =
        new TarBuilder()
            .dir("d/", h -> h.mode(01777).owner(3, 4))
            .pax("mtime", "1600000000.123456789")
            .file("d/f", "hello", h -> h.mode(04755).owner(1000, 2000))
            .symlink("d/s", "../nowhere")
            .hardLink("d/h", "d/f")
            .entry('6', "d/p", new byte[0], h -> h.mode(0620))
            .entry('3', "d/c", new byte[0], h -> h.device(1, 3).mode(0666))
            .entry('4', "d/b", new byte[0], h -> h.device(4095, 1048575))
            .build();
    AppliedLayer applied = layers.apply(layer, root);

    assertEquals(Digest.of(layer), applied.diffId());
    assertEquals(layer.length, applied.size());
    assertFalse(applied.needsParent());
    assertEquals(041777, stat("d").mode());
    assertEquals(3, stat("d").uid());
    assertEquals(4, stat("d").gid());
    assertEquals(1_700_000_000L, stat("d").mtimeSeconds());
    assertEquals(123456789, stat("d/f").atimeNanos());
    assertEquals("hello", text("d/f"));
    assertEquals(0104755, stat("d/f").mode());
    assertEquals(1000, stat("d/f").uid());
    assertEquals(2000, stat("d/f").gid());
    assertEquals(1_600_000_000L, stat("d/f").mtimeSeconds());
    assertEquals(123456789, stat("d/f").mtimeNanos());
    assertEquals("../nowhere", Files.readSymbolicLink(root.resolve("d/s")).toString());
    assertEquals(1_700_000_000L, stat("d/s").mtimeSeconds());
    assertTrue(stat("d/h").isSameFile(stat("d/f")));
    assertEquals(FileStat.FIFO | 0620, stat("d/p").mode());
    assertEquals(FileStat.CHARACTER_DEVICE | 0666, stat("d/c").mode());
    assertEquals(1, stat("d/c").rdevMajor());
    assertEquals(3, stat("d/c").rdevMinor());
    assertEquals(4095, stat("d/b").rdevMajor());
    assertEquals(1048575, stat("d/b").rdevMinor());
  }

  @Test
  void directoriesKeepTheirTimesWhateverIsMadeInThem() {
    layers.apply(
        new TarBuilder()
            .at(1000)
            .dir("a/")
            .at(2000)
            .dir("a/b/")
            .at(3000)
            .file("a/b/late", "x")
            .symlink("a/link", "b")
            .build(),
        root);
    assertEquals(1000, stat("a").mtimeSeconds());
    assertEquals(2000, stat("a/b").mtimeSeconds());
  }

  @Test
  void theRootHasAnEntryToo() {
    layers.apply(new TarBuilder().at(5).dir("./", h -> h.mode(0711).owner(7, 8)).build(), root);
    assertEquals(040711, stat("").mode());
    assertEquals(7, stat("").uid());
    assertEquals(5, stat("").mtimeSeconds());
  }

  @Test
  void missingParentsAreCreated() throws IOException {
    layers.apply(new TarBuilder().file("a/b/c/d", "x").build(), root);
    assertEquals("x", text("a/b/c/d"));
    assertEquals(040755, stat("a/b").mode());
  }

  @Test
  void namesAreCleanedAsAShellWould() throws IOException {
    layers.apply(
        new TarBuilder().file("/abs", "1").file("./x/../y//z", "2").file("x/./w/", "3").build(),
        root);
    assertEquals("1", text("abs"));
    assertEquals("2", text("y/z"));
    assertEquals("3", text("x/w"));
  }

  @Test
  void longNamesOfEveryKind() throws IOException {
    String gnu = "g/" + "n".repeat(200);
    String pax = "p/" + "ü".repeat(120);
    String prefix = "u".repeat(90) + "/" + "v".repeat(80);
    layers.apply(
        new TarBuilder()
            .extension('L', (gnu + "\0").getBytes(StandardCharsets.UTF_8))
            .file("cut", "1")
            .pax("path", pax)
            .file("cut", "2")
            .file(
                "v".repeat(80),
                "3",
                h -> h.text(345, 155, "u".repeat(90).getBytes(StandardCharsets.US_ASCII)))
            .extension('K', ("t".repeat(300) + "\0").getBytes(StandardCharsets.UTF_8))
            .symlink("s", "cut")
            .build(),
        root);
    assertEquals("1", text(gnu));
    assertEquals("2", text(pax));
    assertEquals("3", text(prefix));
    assertEquals("t".repeat(300), Files.readSymbolicLink(root.resolve("s")).toString());
  }

  @Test
  void namesNeedNotBeUnicode() {
    byte[] name = {'x', (byte) 0xff, (byte) 0xfe, 'y'};
    layers.apply(new TarBuilder().file("", "z", h -> h.text(0, 100, name)).build(), root);
    FileStat stat =
        PathCalls.statx(
            Fd.CWD, RawPath.of(root).resolve(RawPath.of(name)), AtFlags.SYMLINK_NOFOLLOW);
    assertEquals(1, stat.size());
  }

  @Test
  void base256NumbersAreRead() {
    layers.apply(
        new TarBuilder()
            .file("f", "x", h -> h.base256(108, 8, 4_000_000_000L).base256(136, 12, -5))
            .build(),
        root);
    assertEquals(4_000_000_000L, stat("f").uid());
    assertEquals(-5, stat("f").mtimeSeconds());
  }

  @Test
  void extendedAttributesOfBothConventions() {
    byte[] capability = HexCapabilities.NET_RAW;
    layers.apply(
        new TarBuilder()
            .pax("SCHILY.xattr.security.capability", capability)
            .xattr("user.a", "one")
            .pax(
                "LIBARCHIVE.xattr.user.b%20c",
                Base64.getEncoder().encodeToString(new byte[] {0, 1, 2}))
            .file("f", "x", h -> h.owner(5, 5).mode(0755))
            .xattr("user.d", "two")
            .dir("d/")
            .build(),
        root);
    RawPath f = RawPath.of(root.resolve("f"));
    assertArrayEquals(capability, XattrCalls.get(f, "security.capability").orElseThrow());
    assertArrayEquals(
        "one".getBytes(StandardCharsets.UTF_8), XattrCalls.get(f, "user.a").orElseThrow());
    assertArrayEquals(new byte[] {0, 1, 2}, XattrCalls.get(f, "user.b c").orElseThrow());
    assertArrayEquals(
        "two".getBytes(StandardCharsets.UTF_8),
        XattrCalls.get(RawPath.of(root.resolve("d")), "user.d").orElseThrow());
  }

  @Test
  void attributesOfTheAdministratorAndOfOverlayfsAreNotBrought() {
    layers.apply(
        new TarBuilder()
            .xattr("trusted.overlay.opaque", "y")
            .xattr("trusted.overlay.redirect", "/etc")
            .xattr("user.overlay.opaque", "y")
            .xattr("unknown.thing", "x")
            .dir("d/")
            .xattr("user.x", "links have none")
            .symlink("s", "d")
            .build(),
        root);
    assertEquals(java.util.List.of(), XattrCalls.list(RawPath.of(root.resolve("d"))));
  }

  @Test
  void entriesReplaceWhateverHasTheirName() throws IOException {
    layers.apply(
        new TarBuilder()
            .dir("a/")
            .file("a/x", "old")
            .file("b", "old")
            .symlink("c", "/etc")
            .file("d", "old")
            .dir("e/", h -> h.mode(0700))
            .file("e/kept", "kept")
            .build(),
        root);
    layers.apply(
        new TarBuilder()
            .file("a", "new")
            .dir("b/")
            .file("b/y", "new")
            .dir("c/")
            .symlink("d", "b")
            .dir("e/", h -> h.mode(0750))
            .file("d/z", "through the link")
            .build(),
        root);
    assertEquals("new", text("a"));
    assertEquals("new", text("b/y"));
    assertTrue(Files.isDirectory(root.resolve("c"), LinkOption.NOFOLLOW_LINKS));
    assertEquals("through the link", text("b/z"));
    assertEquals("kept", text("e/kept"));
    assertEquals(040750, stat("e").mode());
  }

  @Test
  void aReplacedFileKeepsItsOtherNames() throws IOException {
    layers.apply(new TarBuilder().file("a", "old").hardLink("b", "a").build(), root);
    layers.apply(new TarBuilder().file("a", "new").build(), root);
    assertEquals("new", text("a"));
    assertEquals("old", text("b"));
  }

  @Test
  void aHardLinkToItselfOrToASymbolicLink() throws IOException {
    layers.apply(
        new TarBuilder()
            .file("f", "x")
            .hardLink("f", "./f")
            .symlink("s", "/etc/passwd")
            .hardLink("t", "s")
            .build(),
        root);
    assertEquals("x", text("f"));
    assertTrue(stat("t").isSymlink());
  }

  @Test
  void danglingLinksToDirectoriesAreFollowedInsideTheRoot() throws IOException {
    layers.apply(
        new TarBuilder()
            .symlink("lib", "usr/lib")
            .symlink("abs", "/opt/x/../y")
            .file("lib/a", "1")
            .file("abs/b", "2")
            .build(),
        root);
    assertEquals("1", text("usr/lib/a"));
    assertEquals("2", text("opt/y/b"));
  }

  @Test
  void sparseFilesOfEveryKind() throws IOException {
    byte[] data = "0123456789".repeat(100).substring(0, 1000).getBytes(StandardCharsets.US_ASCII);
    byte[] expected = new byte[100_000];
    System.arraycopy(data, 0, expected, 512, 600);
    System.arraycopy(data, 600, expected, 65536, 400);
    var map = new ByteArrayOutputStream();
    map.writeBytes("2\n512\n600\n65536\n400\n".getBytes(StandardCharsets.US_ASCII));
    map.writeBytes(new byte[512 - map.size()]);
    map.writeBytes(data);
    var zero = new ByteArrayOutputStream();
    for (String record :
        new String[] {
          "GNU.sparse.size=100000", "GNU.sparse.numblocks=2",
          "GNU.sparse.offset=512", "GNU.sparse.numbytes=600",
          "GNU.sparse.offset=65536", "GNU.sparse.numbytes=400"
        }) {
      String[] pair = record.split("=");
      zero.writeBytes(TarBuilder.record(pair[0], pair[1].getBytes(StandardCharsets.US_ASCII)));
    }
    layers.apply(
        new TarBuilder()
            .pax("GNU.sparse.major", "1")
            .pax("GNU.sparse.minor", "0")
            .pax("GNU.sparse.name", "one")
            .pax("GNU.sparse.realsize", "100000")
            .entry('0', "GNUSparseFile.0/one", map.toByteArray(), _ -> {})
            .pax("GNU.sparse.size", "100000")
            .pax("GNU.sparse.numblocks", "2")
            .pax("GNU.sparse.map", "512,600,65536,400")
            .entry('0', "zero-one", data, _ -> {})
            .extension('x', zero.toByteArray())
            .entry('0', "zero", data, _ -> {})
            .entry(
                'S',
                "gnu",
                data,
                h ->
                    h.gnu()
                        .octal(386, 12, 512)
                        .octal(398, 12, 600)
                        .octal(410, 12, 65536)
                        .octal(422, 12, 400)
                        .octal(483, 12, 100_000))
            .file("after", "ok")
            .build(),
        root);
    for (String name : new String[] {"one", "zero-one", "zero", "gnu"}) {
      assertArrayEquals(expected, Files.readAllBytes(root.resolve(name)), name);
    }
    assertEquals("ok", text("after"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 512, 513, 1 << 20, (1 << 20) + 1, 5_000_001})
  void bodiesOfAnySizeThroughEveryCompression(int size, WorkDirectory work) throws IOException {
    byte[] body = new byte[size];
    new Random(size).nextBytes(body);
    byte[] layer = new TarBuilder().entry('0', "f", body, _ -> {}).file("g", "end").build();
    for (String mediaType : new String[] {Layers.TAR, Layers.GZIP, Layers.ZSTD}) {
      Path target =
          Files.createDirectory(
              work.path().resolve("t" + mediaType.length() + mediaType.hashCode()));
      byte[] packed =
          switch (mediaType) {
            case Layers.GZIP -> TarBuilder.gzip(layer);
            case Layers.ZSTD -> zstd(layer);
            default -> layer;
          };
      AppliedLayer applied = layers.apply(mediaType, packed, target, Whiteouts.DELETE);
      assertEquals(Digest.of(layer), applied.diffId(), mediaType);
      assertArrayEquals(body, Files.readAllBytes(target.resolve("f")), mediaType);
      assertEquals("end", Files.readString(target.resolve("g")), mediaType);
    }
  }

  private byte[] zstd(byte[] plain) {
    new ZstdLibrary(layers.scratch()).load();
    return Zstd.compress(plain, 3);
  }

  @Test
  void manyGzipMembersAndZerosBehindThem() throws IOException {
    byte[] layer = new TarBuilder().file("f", "x".repeat(5000)).build();
    var packed = new ByteArrayOutputStream();
    for (int at = 0; at < layer.length; at += 700) {
      packed.writeBytes(
          TarBuilder.gzip(Arrays.copyOfRange(layer, at, Math.min(layer.length, at + 700))));
    }
    packed.writeBytes(TarBuilder.gzip(new byte[0]));
    packed.writeBytes(new byte[300]);
    AppliedLayer applied = layers.apply(Layers.GZIP, packed.toByteArray(), root, Whiteouts.DELETE);
    assertEquals(Digest.of(layer), applied.diffId());
    assertEquals(5000, text("f").length());
  }

  @Test
  void manyZstdFramesAndSkippableOnes() throws IOException {
    byte[] layer = new TarBuilder().file("f", "x".repeat(5000)).build();
    var packed = new ByteArrayOutputStream();
    byte[] skippable = {0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
    packed.writeBytes(skippable);
    packed.writeBytes(zstd(Arrays.copyOf(layer, 1000)));
    packed.writeBytes(skippable);
    packed.writeBytes(zstd(Arrays.copyOfRange(layer, 1000, layer.length)));
    packed.writeBytes(skippable);
    AppliedLayer applied = layers.apply(Layers.ZSTD, packed.toByteArray(), root, Whiteouts.DELETE);
    assertEquals(Digest.of(layer), applied.diffId());
    assertEquals(5000, text("f").length());
  }

  @Test
  void theBytesSayHowTheyArePackedWhateverTheMediaTypeSays() throws IOException {
    byte[] layer = new TarBuilder().file("f", "x").build();
    String docker = "application/vnd.docker.image.rootfs.diff.tar";
    layers.apply(docker + ".gzip", layer, root, Whiteouts.DELETE);
    layers.apply(docker, TarBuilder.gzip(layer), root, Whiteouts.DELETE);
    layers.apply(Layers.GZIP, zstd(layer), root, Whiteouts.DELETE);
    assertEquals("x", text("f"));
  }

  @Test
  void anEmptyArchiveIsAnEmptyLayer() {
    for (byte[] layer : new byte[][] {{}, new byte[512], new byte[1024], new byte[10240]}) {
      assertEquals(Digest.of(layer), layers.apply(layer, root).diffId());
    }
    assertEquals(java.util.Map.of(), Tree.of(root));
  }

  @Test
  void whatStandsBehindTheEndIsHashedAndNotRead() {
    byte[] layer = new TarBuilder().file("f", "x").bytes(new byte[1024]).file("ghost", "y").build();
    assertEquals(Digest.of(layer), layers.apply(layer, root).diffId());
    assertFalse(Files.exists(root.resolve("ghost")));
  }

  @Test
  void recordsOfGlobalHeadersAreNotApplied() {
    layers.apply(
        new TarBuilder()
            .extension('g', TarBuilder.record("uid", "77".getBytes(StandardCharsets.US_ASCII)))
            .file("f", "x")
            .build(),
        root);
    assertEquals(0, stat("f").uid());
  }

  @Test
  void aDirectoryOfOldArchivesIsAFileWhoseNameEndsWithASlash() {
    layers.apply(new TarBuilder().entry('\0', "d/", new byte[0], _ -> {}).build(), root);
    assertTrue(Files.isDirectory(root.resolve("d")));
  }

  @Test
  void linksAndDirectoriesHaveNoBodyWhateverTheirSizeSays() throws IOException {
    layers.apply(
        new TarBuilder()
            .file("f", "x")
            .entry('1', "h", new byte[0], h -> h.link("f").octal(124, 12, 1024))
            .entry('5', "d/", new byte[0], h -> h.octal(124, 12, 512))
            .file("g", "y")
            .build(),
        root);
    assertEquals("y", text("g"));
  }
}
