package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Archives that mean harm. Beside the root stands a directory that none of them may touch; whether
 * descriptors or threads are left is checked after every call.
 */
@ExtendWith(LeakCheck.class)
class HostileArchiveTest {
  private static final Class<InvalidArgumentException> INVALID = InvalidArgumentException.class;
  private static final Class<DataLossException> DAMAGED = DataLossException.class;
  private static final Class<ResourceExhaustedException> TOO_MUCH =
      ResourceExhaustedException.class;

  private Path work;
  private Path root;
  private Path outside;
  private Layers layers;
  private Map<String, String> untouched;

  @BeforeEach
  void prepare(WorkDirectory directory) throws IOException {
    work = directory.path();
    root = Files.createDirectories(work.resolve("root"));
    outside = Files.createDirectories(work.resolve("outside/sub"));
    Files.writeString(work.resolve("outside/file"), "untouched");
    outside = work.resolve("outside");
    layers = new Layers(work);
    untouched = Tree.of(outside);
  }

  @AfterEach
  void nothingOutsideWasTouched() {
    assertEquals(untouched, Tree.of(outside));
  }

  private TarBuilder tar() {
    return new TarBuilder();
  }

  private void apply(byte[] layer) {
    layers.apply(layer, root);
  }

  private void refused(Class<? extends DaemonException> failure, byte[] layer) {
    assertThrows(failure, () -> apply(layer));
  }

  private String text(String path) throws IOException {
    return Files.readString(root.resolve(path));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void namesThatLeaveTheRootAreRefused() {
    refused(INVALID, tar().file("../outside/file", "x").build());
    refused(INVALID, tar().file("a/../../outside/file", "x").build());
    refused(INVALID, tar().file("/../outside/file", "x").build());
    refused(INVALID, tar().dir("../outside/").build());
    refused(INVALID, tar().symlink("../outside/new", "x").build());
    refused(INVALID, tar().file("..", "x").build());
    refused(INVALID, tar().file("../outside/.wh.file", "").build());
    refused(INVALID, tar().file("../.wh.outside", "").build());
    refused(INVALID, tar().hardLink("x", "../outside/file").build());
    refused(INVALID, tar().pax("path", "../outside/file").file("x", "x").build());
    assertEquals(Map.of(), Tree.of(root));
  }

  @Test
  void absoluteNamesStayInTheRoot() throws IOException {
    String absolute = outside.resolve("file").toString();
    apply(tar().file(absolute, "inside").build());
    assertEquals("inside", text(absolute.substring(1)));
  }

  @Test
  void absoluteLinksStayInTheRoot() throws IOException {
    apply(
        tar()
            .symlink("a", outside.toString())
            .file("a/file", "inside")
            .dir("a/sub/", h -> h.mode(0777).owner(9, 9))
            .build());
    assertEquals("inside", text(outside.toString().substring(1) + "/file"));
  }

  @Test
  void relativeLinksEndAtTheRoot() throws IOException {
    apply(
        tar()
            .symlink("a", "../outside")
            .symlink("b", "../../../../../../../../.." + outside)
            .symlink("dots", "../..")
            .file("a/file", "1")
            .file("b/file", "2")
            .file("dots/here", "3")
            .build());
    assertEquals("1", text("outside/file"));
    assertEquals("2", text(outside.toString().substring(1) + "/file"));
    assertEquals("3", text("here"));
  }

  @Test
  void chainsOfLinksStayInTheRoot() throws IOException {
    apply(
        tar()
            .dir("d/")
            .symlink("d/up", "..")
            .symlink("x", "d/up/d/up/../../..")
            .file("x/f", "1")
            .build());
    assertEquals("1", text("f"));
  }

  @Test
  void loopsOfLinksAreRefused() {
    refused(INVALID, tar().symlink("a", "b").symlink("b", "a").file("a/x", "1").build());
    refused(INVALID, tar().symlink("self", "self").file("self/x", "1").build());
    refused(
        TOO_MUCH,
        tar()
            .pax("linkpath", "d/../".repeat(700) + "big")
            .symlink("big", "x")
            .dir("d/")
            .file("big/x", "1")
            .build());
  }

  @Test
  void aFileIsNeverWrittenThroughALink() throws IOException {
    apply(tar().symlink("a", outside + "/file").file("a", "new").build());
    assertEquals("new", text("a"));
    assertFalse(Files.isSymbolicLink(root.resolve("a")));
  }

  @Test
  void attributesAreNeverSetThroughALink() {
    apply(
        tar()
            .at(1)
            .symlink("a", outside + "/file")
            .entry('2', "b", new byte[0], h -> h.link(outside.toString()).mode(0777).owner(9, 9))
            .xattr("user.x", "y")
            .symlink("c", outside + "/file")
            .build());
  }

  @Test
  void aDirectoryIsNeverMergedThroughALink() {
    apply(
        tar().symlink("a", outside.toString()).dir("a/", h -> h.mode(0)).file("a/x", "1").build());
    assertTrue(Files.isDirectory(root.resolve("a"), LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void aDirectorySwappedForALinkIsLookedUpAnew() throws IOException {
    apply(
        tar()
            .dir("a/")
            .file("a/one", "1")
            .symlink("a", outside.toString())
            .file("a/file", "2")
            .dir("b/")
            .dir("b/c/")
            .file("b/c/one", "3")
            .symlink("b", "/else")
            .file("b/c/file", "4")
            .build());
    assertEquals("2", text(outside.toString().substring(1) + "/file"));
    assertEquals("4", text("else/c/file"));
    assertFalse(Files.exists(root.resolve(outside.toString().substring(1) + "/one")));
  }

  @Test
  void aLinkSwappedForAnotherIsLookedUpAnew() throws IOException {
    apply(
        tar()
            .dir("one/")
            .dir("two/")
            .symlink("l", "one")
            .file("l/f", "1")
            .symlink("l", "two")
            .file("l/f", "2")
            .symlink("m", "l")
            .file("m/g", "3")
            .symlink("l", "one")
            .file("m/g", "4")
            .build());
    assertEquals("1", text("one/f"));
    assertEquals("2", text("two/f"));
    assertEquals("3", text("two/g"));
    assertEquals("4", text("one/g"));
  }

  @Test
  void timesOfADirectoryThatBecameALinkGoNowhere() {
    apply(
        tar()
            .at(1)
            .dir("a/")
            .dir("a/sub/")
            .symlink("a", outside.toString())
            .dir("c/")
            .symlink("c", outside.toString())
            .build());
  }

  @Test
  void hardLinksReachOnlyWhatIsInTheRoot() throws IOException {
    refused(INVALID, tar().hardLink("x", outside + "/file").build());
    refused(INVALID, tar().symlink("a", outside.toString()).hardLink("x", "a/file").build());
    refused(INVALID, tar().symlink("a", "..").hardLink("x", "a/outside/file").build());
    refused(INVALID, tar().hardLink("x", "missing").build());
    refused(INVALID, tar().dir("d/").hardLink("x", "d").build());
    refused(INVALID, tar().hardLink("x", "..").build());
    refused(INVALID, tar().hardLink("x", ".").build());
    refused(INVALID, tar().hardLink("x", "").build());
    refused(INVALID, tar().hardLink("x", "x").build());
    apply(tar().symlink("s", outside + "/file").hardLink("t", "s").file("t", "new").build());
    assertEquals("new", text("t"));
  }

  @Test
  void aHardLinkCannotTakeThePlaceOfItsTargetsDirectory() {
    refused(INVALID, tar().dir("a/").file("a/x", "1").hardLink("a", "a/x").build());
  }

  @Test
  void whiteoutsDeleteOnlyInTheRoot() throws IOException {
    Files.createSymbolicLink(root.resolve("a"), outside);
    apply(tar().file("a/.wh.file", "").file("a/.wh..wh..opq", "").file(".wh.a", "").build());
    refused(INVALID, tar().file(".wh...", "").build());
    refused(INVALID, tar().file(".wh..", "").build());
    refused(INVALID, tar().file(".wh.", "").build());
    refused(INVALID, tar().file("d/.wh...", "").build());
    refused(INVALID, tar().file(".wh.d/x", "").build());
  }

  @Test
  void aWhiteoutRemovesALinkAndNotItsTarget() throws IOException {
    Files.createSymbolicLink(root.resolve("l"), outside);
    Files.createDirectories(root.resolve("d/e"));
    Files.createSymbolicLink(root.resolve("d/e/l"), outside);
    apply(tar().file(".wh.l", "").file(".wh.d", "").build());
    assertEquals(Map.of(), Tree.of(root));
  }

  @Test
  void bookkeepingOfOtherStorageDriversIsPassedOver() {
    apply(
        tar().dir(".wh..wh.plnk/").file(".wh..wh.plnk/1.2", "x").file(".wh..wh.aufs", "").build());
    assertEquals(Map.of(), Tree.of(root));
  }

  @Test
  void theRootIsADirectory() {
    refused(INVALID, tar().file(".", "x").build());
    refused(INVALID, tar().symlink("/", outside.toString()).build());
    refused(INVALID, tar().hardLink("a/..", "x").build());
    refused(INVALID, tar().file("", "x").build());
  }

  @Test
  void somethingBelowAFileIsRefused() {
    refused(INVALID, tar().file("f", "x").file("f/x", "y").build());
    refused(INVALID, tar().entry('6', "p", new byte[0], _ -> {}).file("p/x", "y").build());
  }

  @Test
  void aFifoOrDeviceIsNeverOpened() throws IOException {
    apply(
        tar()
            .entry('6', "p", new byte[0], _ -> {})
            .file("p", "x")
            .entry('3', "c", new byte[0], h -> h.device(5, 0))
            .file("c", "y")
            .build());
    assertEquals("x", text("p"));
    assertEquals("y", text("c"));
  }

  @TestFactory
  Stream<DynamicTest> numbersOutOfRangeAreRefused() {
    return Stream.of(
            Map.entry(
                "uid that chown would ignore",
                tar().file("f", "", h -> h.base256(108, 8, 0xffffffffL))),
            Map.entry("uid beyond 32 bits", tar().file("f", "", h -> h.base256(108, 8, 1L << 32))),
            Map.entry("negative uid", tar().file("f", "", h -> h.base256(108, 8, -1))),
            Map.entry("negative gid", tar().file("f", "", h -> h.base256(116, 8, -2))),
            Map.entry("pax uid", tar().pax("uid", "4294967295").file("f", "")),
            Map.entry("pax uid that is none", tar().pax("uid", "-1").file("f", "")),
            Map.entry("major", tar().entry('3', "c", new byte[0], h -> h.device(4096, 0))),
            Map.entry("minor", tar().entry('4', "c", new byte[0], h -> h.device(0, 1048576))),
            Map.entry(
                "negative minor", tar().entry('4', "c", new byte[0], h -> h.base256(337, 8, -1))),
            Map.entry("negative size", tar().file("f", "", h -> h.base256(124, 12, -512))),
            Map.entry(
                "letters in the size", tar().file("f", "", h -> h.text(124, 12, ascii("12x")))),
            Map.entry(
                "letters in the mode", tar().file("f", "", h -> h.text(100, 8, ascii("rwx")))),
            Map.entry("digits 8 and 9", tar().file("f", "", h -> h.text(116, 8, ascii("89")))),
            Map.entry("time that is none", tar().pax("mtime", "noon").file("f", "")),
            Map.entry("time without end", tar().pax("mtime", "9".repeat(30)).file("f", "")),
            Map.entry("pax size that is none", tar().pax("size", "0x10").file("f", "")))
        .map(
            e -> DynamicTest.dynamicTest(e.getKey(), () -> refused(INVALID, e.getValue().build())));
  }

  @Test
  void typesThatNobodyKnowsAreRefused() {
    for (char type : "8VMDNXAZ".toCharArray()) {
      refused(INVALID, tar().entry(type, "f", new byte[0], _ -> {}).build());
    }
  }

  @TestFactory
  Stream<DynamicTest> malformedPaxHeadersAreRefused() {
    return Stream.of(
            "1",
            "x",
            "5 a=b\n",
            "7 a=b\n",
            "6 a=bb",
            "6 =bb\n",
            "6 abbb\n",
            "6\n",
            "-6 a=b\n",
            "999999999999 a=b\n",
            "06 a=b\nx",
            "4 a\n",
            "3 \n",
            "0 a=b\n",
            "24 GNU.sparse.offset=1\n",
            "26 GNU.sparse.numbytes=1\n")
        .map(body ->
            DynamicTest.dynamicTest(
                body.replace("\n", "$"),
                () -> refused(INVALID, tar().extension('x', ascii(body)).file("f", "").build())));
  }

  @Test
  void namesWithANulAreRefused() {
    refused(INVALID, tar().pax("path", "a\0b").file("f", "").build());
    refused(INVALID, tar().pax("linkpath", "a\0b").symlink("f", "x").build());
    refused(INVALID, tar().pax("SCHILY.xattr.user.a\0b", "x").file("f", "").build());
  }

  @Test
  void badExtendedAttributesAreRefused() {
    refused(INVALID, tar().xattr("", "x").file("f", "").build());
    refused(INVALID, tar().xattr("user." + "n".repeat(300), "x").file("f", "").build());
    refused(INVALID, tar().xattr("user.big", "x".repeat(70_000)).file("f", "").build());
    refused(INVALID, tar().xattr("security.capability", "junk").file("f", "").build());
    refused(INVALID, tar().pax("LIBARCHIVE.xattr.user.x", "*").file("f", "").build());
    refused(INVALID, tar().pax("LIBARCHIVE.xattr.%zz", "aa").file("f", "").build());
  }

  @Test
  void namesThatLinuxCannotHaveAreRefused() {
    refused(INVALID, tar().pax("path", "n".repeat(256)).file("f", "").build());
    refused(INVALID, tar().pax("path", "nn/".repeat(1400) + "x").file("f", "").build());
    refused(TOO_MUCH, tar().pax("path", "n/".repeat(1100) + "x").file("f", "").build());
    refused(INVALID, tar().pax("linkpath", "n".repeat(5000)).symlink("f", "x").build());
    refused(INVALID, tar().symlink("f", "").build());
  }

  @Test
  void linksCannotLeadDeeperThanAPathMayBe() {
    var archive = tar();
    String deep = "d/".repeat(500);
    archive.pax("path", deep + "x").file("f", "1");
    archive.symlink("s", deep);
    archive.pax("path", "s/" + deep + "x").file("f", "1");
    archive.pax("linkpath", "s/" + deep).symlink("t", "x");
    archive.pax("path", "t/" + deep + "x").file("f", "1");
    refused(TOO_MUCH, archive.build());
  }

  @Test
  void hugeHeadersAreRefusedBeforeTheyAreRead() {
    for (char type : "xgLK".toCharArray()) {
      refused(
          TOO_MUCH, tar().entry(type, "h", new byte[0], h -> h.octal(124, 12, 1L << 32)).build());
      refused(INVALID, tar().entry(type, "h", new byte[0], h -> h.base256(124, 12, -1)).build());
    }
  }

  @Test
  void truncatedArchivesAreDamaged() {
    byte[] whole = tar().pax("mtime", "1.5").file("f", "x".repeat(2000)).build();
    for (int length = 1; length < whole.length - 1024; length += 97) {
      byte[] cut = Arrays.copyOf(whole, length);
      if (length % 512 != 0 || length > 512) {
        refused(DAMAGED, cut);
      }
    }
  }

  @Test
  void anArchiveThatEndsBehindAnExtensionHeaderIsDamaged() {
    refused(DAMAGED, tar().pax("mtime", "1").unfinished());
    refused(DAMAGED, tar().pax("mtime", "1").build());
  }

  @Test
  void bytesThatAreNoTarAreDamaged() {
    refused(DAMAGED, "hello, this is no archive".repeat(100).getBytes(StandardCharsets.UTF_8));
    refused(DAMAGED, tar().file("f", "x").bytes(new byte[512]).file("g", "y").build());
    byte[] flipped = tar().file("f", "x").build();
    flipped[3] ^= 1;
    refused(DAMAGED, flipped);
  }

  @Test
  void damagedGzipIsDamaged() {
    byte[] layer = tar().file("f", "x".repeat(100_000)).build();
    byte[] packed = TarBuilder.gzip(layer);
    damagedInEveryWay(Layers.GZIP, packed);
    byte[] garbage = Arrays.copyOf(packed, packed.length + 5);
    garbage[packed.length + 2] = 7;
    assertThrows(DAMAGED, () -> layers.apply(Layers.GZIP, garbage, root, Whiteouts.DELETE));
  }

  @Test
  void damagedZstdIsDamaged() {
    byte[] layer = tar().file("f", "x".repeat(100_000)).build();
    new ZstdLibrary(layers.scratch()).load();
    var context = new com.github.luben.zstd.ZstdCompressCtx();
    try (context) {
      context.setChecksum(true);
      damagedInEveryWay(Layers.ZSTD, context.compress(layer));
    }
  }

  private void damagedInEveryWay(String mediaType, byte[] packed) {
    for (int length = 5; length < packed.length; length += 1 + packed.length / 40) {
      byte[] cut = Arrays.copyOf(packed, length);
      assertThrows(DAMAGED, () -> layers.apply(mediaType, cut, root, Whiteouts.DELETE));
    }
    byte[] wrong = packed.clone();
    wrong[packed.length - 3] ^= 0x10;
    assertThrows(DAMAGED, () -> layers.apply(mediaType, wrong, root, Whiteouts.DELETE));
  }

  @Test
  void otherMediaTypesAreNotThisDiffers() {
    for (String mediaType :
        new String[] {
          "", "application/vnd.oci.image.config.v1+json", Layers.GZIP + "+encrypted", "text/plain"
        }) {
      assertThrows(
          UnimplementedException.class,
          () -> layers.apply(mediaType, tar().build(), root, Whiteouts.DELETE));
    }
  }

  @TestFactory
  Stream<DynamicTest> badSparseMapsAreRefused() {
    return Stream.of(
            sparse("0,1,0,1", "10", 2),
            sparse("5,1,2,1", "10", 2),
            sparse("0,20", "10", 20),
            sparse("0,5", "10", 4),
            sparse("0,5", "10", 600),
            sparse("0", "10", 0),
            sparse("0,x", "10", 0),
            tar().pax("GNU.sparse.major", "7").pax("GNU.sparse.minor", "0").file("f", ""),
            tar().pax("GNU.sparse.map", "0,0").pax("GNU.sparse.size", "0").dir("d/"),
            tar()
                .pax("GNU.sparse.major", "1")
                .pax("GNU.sparse.minor", "0")
                .pax("GNU.sparse.realsize", "10")
                .file("f", "no numbers"),
            tar()
                .pax("GNU.sparse.major", "1")
                .pax("GNU.sparse.minor", "0")
                .pax("GNU.sparse.realsize", "10")
                .file("f", "1\n0\n999999999999999999\n"),
            tar().entry('S', "f", new byte[0], h -> h.octal(483, 12, 5)),
            tar().entry('S', "f", new byte[0], h -> h.gnu().base256(386, 12, -1).octal(398, 12, 1)))
        .map(archive ->
            DynamicTest.dynamicTest(
                "map",
                () -> {
                  byte[] layer = archive.file("after", "x").build();
                  assertThrows(DaemonException.class, () -> apply(layer));
                }));
  }

  private TarBuilder sparse(String map, String size, int body) {
    return tar()
        .pax("GNU.sparse.size", size)
        .pax("GNU.sparse.map", map)
        .entry('0', "f", new byte[body], _ -> {});
  }
}
