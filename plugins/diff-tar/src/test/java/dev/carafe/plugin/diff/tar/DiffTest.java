package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A difference, applied to the older tree, makes the newer one. */
@ExtendWith(LeakCheck.class)
class DiffTest {
  private Path work;
  private Path lower;
  private Path upper;
  private Layers layers;
  private int copies;

  @BeforeEach
  void prepare(WorkDirectory directory) throws IOException {
    work = directory.path();
    lower = Files.createDirectory(work.resolve("lower"));
    upper = Files.createDirectory(work.resolve("upper"));
    layers = new Layers(work);
  }

  private static TarBuilder base() {
    return new TarBuilder()
        .at(1_500_000_000L)
        .dir("bin/")
        .file("bin/tool", "tool", h -> h.mode(0755))
        .hardLink("bin/alias", "bin/tool")
        .symlink("sbin", "bin")
        .dir("etc/")
        .xattr("user.note", "kept")
        .file("etc/conf", "conf")
        .file("etc/old", "old")
        .dir("etc/d/")
        .file("etc/d/x", "x")
        .dir("var/", h -> h.mode(01777))
        .entry('6', "var/fifo", new byte[0], _ -> {})
        .entry('3', "var/null", new byte[0], h -> h.device(1, 3));
  }

  /** Both trees begin as the same base. */
  private void bothFrom(TarBuilder base) {
    byte[] layer = base.build();
    layers.apply(layer, lower);
    layers.apply(layer, upper);
  }

  private void change(TarBuilder changes) {
    layers.apply(changes.build(), upper);
  }

  private byte[] diff() {
    return layers.diff(List.of(Layers.bind(lower)), List.of(Layers.bind(upper)), Layers.TAR, null);
  }

  /** Applies the difference to the older tree, in place. */
  private void roundTrip() {
    byte[] layer = diff();
    layers.apply(layer, lower);
    assertEquals(Tree.of(upper), Tree.of(lower));
  }

  private static Map<String, Character> entries(byte[] archive) throws IOException {
    Map<String, Character> entries = new TreeMap<>();
    try (var in = new TarArchiveInputStream(new ByteArrayInputStream(archive))) {
      for (TarArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        entries.put(e.getName(), (char) e.getLinkFlag());
      }
    }
    return entries;
  }

  @Test
  void equalTreesDifferInNothing() throws IOException {
    bothFrom(base());
    assertEquals(Map.of(), entries(diff()));
  }

  @Test
  void everyKindOfChangeMakesTheRoundTrip() {
    bothFrom(base());
    change(
        new TarBuilder()
            .at(1_600_000_000L)
            .file(".wh.sbin", "")
            .dir("sbin/")
            .file("sbin/new", "new")
            .file("etc/.wh.old", "")
            .file("etc/.wh.d", "")
            .file("etc/d", "now a file")
            .pax("mtime", "1600000000.000000001")
            .file("etc/conf", "changed")
            .entry('4', "var/null", new byte[0], h -> h.device(7, 0))
            .pax("uid", "3000000")
            .file("var/" + "long".repeat(40), "x", h -> h.mode(04711))
            .xattr("user.x", "\0\1\2")
            .dir("var/x/")
            .symlink("var/l", "t".repeat(150)));
    roundTrip();
  }

  @Test
  void aWholeTreeMakesTheRoundTrip() {
    bothFrom(base());
    byte[] layer = layers.diff(List.of(), List.of(Layers.bind(upper)), Layers.TAR, null);
    Path copy = work.resolve("copy");
    copy.toFile().mkdir();
    layers.apply(layer, copy);
    assertEquals(Tree.of(upper), Tree.of(copy));
  }

  @Test
  void onlyWhatChangedAndTheWayToItIsWritten() throws IOException {
    bothFrom(new TarBuilder().dir("a/").dir("a/b/").file("a/b/f", "1").file("a/g", "2").dir("z/"));
    change(new TarBuilder().file("a/b/f", "changed"));
    Files.setAttribute(
        upper.resolve("a/b"),
        "unix:lastModifiedTime",
        Files.getLastModifiedTime(lower.resolve("a/b")));
    assertEquals(Map.of("a/", '5', "a/b/", '5', "a/b/f", '0'), entries(diff()));
  }

  @Test
  void contentsDecideWhereSizeAndTimesAreEqual() throws IOException {
    bothFrom(new TarBuilder().dir("d/").file("d/f", "one").file("d/same", "same"));
    change(new TarBuilder().file("d/f", "two"));
    assertEquals(Map.of("d/", '5', "d/f", '0'), entries(diff()));
  }

  @Test
  void modesOwnersAndAttributesAreChanges() throws IOException {
    bothFrom(new TarBuilder().file("a", "").file("b", "").file("c", "").dir("d/"));
    Files.setAttribute(upper.resolve("a"), "unix:mode", 0600);
    Files.setAttribute(upper.resolve("b"), "unix:gid", 4);
    Files.setAttribute(upper.resolve("c"), "user:x", new byte[] {1});
    Files.setAttribute(upper.resolve("d"), "unix:uid", 4);
    assertEquals(Map.of("a", '0', "b", '0', "c", '0', "d/", '5'), entries(diff()));
    roundTrip();
  }

  @Test
  void theRootIsWrittenIfItsAttributesChanged() throws IOException {
    bothFrom(new TarBuilder().file("a", ""));
    Files.setAttribute(upper, "unix:mode", 0700);
    assertEquals(Map.of("./", '5'), entries(diff()));
    roundTrip();
    assertEquals(0700, (int) Files.getAttribute(lower, "unix:mode") & 07777);
  }

  @Test
  void namesOfOneFileStayTogether() throws IOException {
    bothFrom(
        new TarBuilder()
            .file("a", "1")
            .hardLink("m", "a")
            .hardLink("z", "a")
            .file("lonely", "2")
            .file("p", "3")
            .hardLink("q", "p"));
    Files.createLink(upper.resolve("k"), upper.resolve("a"));
    Files.createLink(upper.resolve("0"), upper.resolve("lonely"));
    byte[] archive = diff();
    assertEquals(
        Map.of("0", '0', "lonely", '1', "a", '1', "k", '0', "m", '1', "z", '1'), entries(archive));
    roundTrip();
    assertEquals(4, PathCalls.statx(Fd.CWD, RawPath.of(lower.resolve("z")), 0).nlink());
    assertEquals(2, PathCalls.statx(Fd.CWD, RawPath.of(lower.resolve("0")), 0).nlink());
  }

  @Test
  void whatHasNoPlaceInALayer() throws IOException {
    PathCalls.mknodat(Fd.CWD, RawPath.of(upper.resolve("socket")), FileStat.SOCKET | 0600, 0, 0);
    Files.writeString(upper.resolve("f"), "x");
    assertEquals(Map.of("f", '0'), entries(diff()));
    Files.writeString(upper.resolve(".wh.f"), "x");
    assertThrows(FailedPreconditionException.class, this::diff);
  }

  @Test
  void theSameTreesMakeTheSameBytes() throws IOException {
    bothFrom(base());
    change(new TarBuilder().file("etc/new", "x".repeat(300_000)).file("bin/.wh.tool", ""));
    byte[] plain = diff();
    for (String mediaType : List.of(Layers.TAR, Layers.GZIP, Layers.ZSTD)) {
      var out = new ByteArrayOutputStream();
      var request =
          new DiffRequest(
              List.of(Layers.bind(lower)), List.of(Layers.bind(upper)), mediaType, null);
      Digest digest = layers.differ().diff(request, out);
      assertEquals(Digest.of(plain), digest);
      byte[] again = layers.diff(request.lower(), request.upper(), mediaType, null);
      assertArrayEquals(out.toByteArray(), again);
      Path copy = Files.createDirectory(work.resolve("copy" + copies++));
      AppliedLayer applied = layers.apply(mediaType, again, copy, Whiteouts.DELETE);
      assertEquals(digest, applied.diffId());
      assertEquals(plain.length, applied.size());
    }
  }

  @Test
  void noTimeIsNewerThanTheSourceDate() throws IOException {
    bothFrom(base());
    change(new TarBuilder().at(1_700_000_000L).file("etc/new", "x").file("etc/.wh.old", ""));
    byte[] archive =
        layers.diff(
            List.of(Layers.bind(lower)),
            List.of(Layers.bind(upper)),
            Layers.TAR,
            Instant.ofEpochSecond(1_600_000_000L));
    try (var in = new TarArchiveInputStream(new ByteArrayInputStream(archive))) {
      for (TarArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        assertTrue(e.getModTime().getTime() <= 1_600_000_000_000L, e.getName());
      }
    }
  }

  @Test
  void otherMediaTypesAreNotMade() {
    assertThrows(
        UnimplementedException.class,
        () -> layers.diff(List.of(), List.of(Layers.bind(upper)), "text/plain", null));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomChangesMakeTheRoundTrip(long seed) {
    var random = new Random(seed);
    bothFrom(randomLayer(random, false));
    change(randomLayer(random, true));
    roundTrip();
  }

  private static TarBuilder randomLayer(Random random, boolean whiteouts) {
    var layer = new TarBuilder().at(1_000_000_000L + random.nextInt(1000));
    String[] names = {"a", "b", "c", "d"};
    var directories = new ArrayList<String>(List.of(""));
    var files = new ArrayList<String>();
    for (int i = 0; i < 40; i++) {
      String path = directories.get(random.nextInt(directories.size())) + names[random.nextInt(4)];
      switch (random.nextInt(whiteouts ? 7 : 5)) {
        case 0, 1 -> {
          layer.dir(path + "/", h -> h.mode(0700 + random.nextInt(64)));
          directories.add(path + "/");
          files.remove(path);
        }
        case 2 -> {
          layer.file(path, "content " + random.nextInt(3));
          forget(path, directories, files);
          files.add(path);
        }
        case 3 -> {
          layer.symlink(path, "target" + random.nextInt(3));
          forget(path, directories, files);
        }
        case 4 -> {
          if (!files.isEmpty()) {
            String target = files.get(random.nextInt(files.size()));
            if (!target.startsWith(path + "/") && !target.equals(path)) {
              layer.hardLink(path, target);
              forget(path, directories, files);
            }
          }
        }
        default -> {
          int slash = path.lastIndexOf('/') + 1;
          layer.file(path.substring(0, slash) + ".wh." + path.substring(slash), "");
        }
      }
    }
    return layer;
  }

  private static void forget(String path, List<String> directories, List<String> files) {
    directories.removeIf(known -> known.startsWith(path + "/"));
    files.removeIf(known -> known.equals(path) || known.startsWith(path + "/"));
  }

  /** Between an overlay and what it lies on, the upper directory is read, and says the same. */
  @Test
  void anUpperDirectoryIsTheDifference() throws IOException {
    byte[] base = base().build();
    layers.apply(base, lower);
    Path scratch = Files.createDirectory(work.resolve("overlay-work"));
    Mount now =
        new Mount(
            "overlay",
            "overlay",
            List.of("lowerdir=" + lower, "upperdir=" + upper, "workdir=" + scratch));
    layers.apply(
        Layers.TAR,
        new TarBuilder()
            .at(1_600_000_000L)
            .file(".wh.sbin", "")
            .dir("sbin/")
            .file("sbin/n", "n")
            .file("etc/.wh.old", "")
            .file(".wh.var", "")
            .dir("var/")
            .file("var/n", "1")
            .file("etc/conf", "changed")
            .build(),
        List.of(now),
        Whiteouts.DELETE);
    Mount old = new Mount("bind", lower.toString(), List.of("rbind", "ro"));
    assertTrue(UpperDirectory.between(List.of(old), List.of(now)).isPresent());
    byte[] archive = layers.diff(List.of(old), List.of(now), Layers.TAR, null);
    Map<String, Character> entries = entries(archive);
    assertTrue(entries.containsKey("var/.wh..wh..opq"), entries.toString());
    assertFalse(entries.containsKey("bin/"), entries.toString());

    Path copy = Files.createDirectory(work.resolve("copy"));
    layers.apply(base, copy);
    layers.apply(archive, copy);
    try (Fd mount = TarDiffer.open(List.of(now));
        Fd root = TarDiffer.directory(mount)) {
      assertEquals(Tree.of(root, true), Tree.of(copy));
    }
    Mount alias = new Mount("bind", lower + "/.", List.of("rbind", "ro"));
    assertTrue(UpperDirectory.between(List.of(alias), List.of(now)).isEmpty());
    byte[] walked = layers.diff(List.of(alias), List.of(now), Layers.TAR, null);
    Path other = Files.createDirectory(work.resolve("other"));
    layers.apply(base, other);
    layers.apply(walked, other);
    assertEquals(Tree.of(copy), Tree.of(other));
  }

  @Test
  void onlyTheSameLayersMakeAnUpperDirectoryTheDifference() {
    List<Mount> now =
        List.of(
            new Mount(
                "overlay", "overlay", List.of("lowerdir=/b:/a", "upperdir=/u", "workdir=/w")));
    Mount view = new Mount("overlay", "overlay", List.of("lowerdir=/b:/a"));
    assertEquals("/u", UpperDirectory.between(List.of(view), now).orElseThrow());
    for (Mount other :
        List.of(
            new Mount("overlay", "overlay", List.of("lowerdir=/a")),
            new Mount("overlay", "overlay", List.of("lowerdir=/b:/a", "upperdir=/v")),
            new Mount("bind", "/a", List.of("ro", "rbind")),
            new Mount("overlay", "overlay", "sub", List.of("lowerdir=/b:/a")))) {
      assertTrue(UpperDirectory.between(List.of(other), now).isEmpty(), other.toString());
    }
    assertTrue(UpperDirectory.between(List.of(), now).isEmpty());
    assertTrue(UpperDirectory.between(List.of(view), List.of(view)).isEmpty());
  }
}
