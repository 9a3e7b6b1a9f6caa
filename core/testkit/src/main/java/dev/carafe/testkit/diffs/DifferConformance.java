package dev.carafe.testkit.diffs;

import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static dev.carafe.testkit.FsTree.mode;
import static dev.carafe.testkit.FsTree.remove;
import static dev.carafe.testkit.FsTree.symlink;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link Differ} as tests, over directories that are bind-mounted. Subclass it and
 * say how to open yours. Every check has an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class DifferConformance {
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  private static final String GZIP = TAR + "+gzip";

  private WorkDirectory work;
  private Differ differ;
  private Path target;
  private int uid;
  private int gid;

  /** Opens it over a private directory. */
  protected abstract Differ open(Path directory) throws Exception;

  @BeforeEach
  void open(WorkDirectory directory) throws Exception {
    work = directory;
    uid = (Integer) Files.getAttribute(work.path(), "unix:uid");
    gid = (Integer) Files.getAttribute(work.path(), "unix:gid");
    target = directory("target");
    differ = open(directory("private"));
    if (differ instanceof AutoCloseable closeable) {
      directory.closeLater(closeable);
    }
  }

  private Path directory(String name) throws IOException {
    Path made = Files.createDirectory(work.path().resolve(name));
    Files.setAttribute(made, "unix:mode", 0755);
    return made;
  }

  private TarLayer layer() {
    return new TarLayer(uid, gid);
  }

  private static List<Mount> bind(Path directory, String mode) {
    return List.of(new Mount("bind", directory.toString(), List.of(mode, "rbind")));
  }

  private AppliedLayer apply(String mediaType, byte[] archive, Path into) {
    ApplyRequest request =
        new ApplyRequest(
            new Descriptor(mediaType, Digest.of(archive), archive.length),
            bind(into, "rw"),
            Whiteouts.DELETE,
            /* sync= */ false);
    return differ.apply(request, new ByteArrayInputStream(archive));
  }

  private Digest diff(Path lower, Path upper, ByteArrayOutputStream out) {
    return differ.diff(new DiffRequest(bind(lower, "ro"), bind(upper, "ro"), TAR, null), out);
  }

  @Test
  @DisplayName("DIFF-APPLY-01 files, directories, links and modes come out as they went in")
  void layerIsApplied() {
    byte[] archive =
        layer()
            .dir("d", 0750)
            .file("d/a", "text", 0600)
            .link("b", "d/a")
            .symlink("l", "../d/a")
            .file("empty", "", 04755)
            .bytes();
    AppliedLayer applied = apply(TAR, archive, target);
    FsTree.of(
            dir("/d", 0750),
            file("/d/a", "text", 0600),
            link("/b", "/d/a"),
            symlink("/l", "../d/a"),
            file("/empty", ""),
            mode("/empty", 04755))
        .assertSameAs(target);
    assertEquals(new AppliedLayer(Digest.of(archive), archive.length, false), applied);
  }

  @Test
  @DisplayName("DIFF-APPLY-02 a compressed layer's diff id is that of what was compressed")
  void compressedLayerIsApplied() {
    TarLayer layer = layer().file("a", "x".repeat(100_000));
    AppliedLayer applied = apply(GZIP, layer.gzipped(), target);
    assertEquals(Digest.of(layer.bytes()), applied.diffId());
    assertEquals(layer.bytes().length, applied.size());
    FsTree.of(file("/a", "x".repeat(100_000))).assertSameAs(target);
  }

  @Test
  @DisplayName("DIFF-APPLY-03 whiteouts delete what lies below, opaque directories all of it")
  void whiteoutsDelete() {
    FsTree.of(
            file("/gone", "1"),
            file("/kept", "2"),
            dir("/d", 0755),
            file("/d/old", "3"),
            dir("/e", 0755),
            file("/e/old", "4"))
        .applyTo(target);
    byte[] archive =
        layer()
            .file(".wh.gone", "")
            .dir("d", 0755)
            .file("d/.wh..wh..opq", "")
            .file("d/new", "5")
            .file("e/.wh.old", "")
            .bytes();
    apply(TAR, archive, target);
    FsTree.of(file("/kept", "2"), dir("/d", 0755), file("/d/new", "5"), dir("/e", 0755))
        .assertSameAs(target);
  }

  @Test
  @DisplayName("DIFF-APPLY-04 what comes later replaces what was there, whatever its kind")
  void laterReplaces() {
    FsTree.of(file("/a", "1"), dir("/d", 0755), file("/d/x", "2"), symlink("/l", "a"))
        .applyTo(target);
    apply(TAR, layer().dir("a", 0711).file("d", "3").file("l", "4").bytes(), target);
    FsTree.of(dir("/a", 0711), file("/d", "3"), file("/l", "4")).assertSameAs(target);
  }

  @Test
  @DisplayName("DIFF-APPLY-05 a media type of nobody's is left to others")
  void mediaTypesAreNarrow() {
    byte[] archive = layer().file("a", "1").bytes();
    assertThrows(
        UnimplementedException.class,
        () -> apply("application/vnd.example.nothing", archive, target));
    FsTree.empty().assertSameAs(target);
  }

  @Test
  @DisplayName("DIFF-SAFE-01 nothing is written outside, whatever names and links say")
  void nothingLeaves() throws IOException {
    Path outside = directory("outside");
    FsTree before = FsTree.of(file("/kept", "mine"));
    before.applyTo(outside);
    String away = "../outside";
    List<byte[]> hostile =
        List.of(
            layer().file(away + "/new", "x").bytes(),
            layer().file("/" + away + "/kept", "x").bytes(),
            layer().symlink("l", away).file("l/new", "x").bytes(),
            layer().symlink("l", outside.toString()).file("l/kept", "x").bytes(),
            layer().symlink("l", outside.toString()).file("l/.wh.kept", "").bytes(),
            layer().link("h", away + "/kept").file("h", "x").bytes(),
            layer().file(away + "/.wh.kept", "").bytes(),
            layer().symlink("l", outside + "/kept").file("l", "x").bytes());
    for (int i = 0; i < hostile.size(); i++) {
      try {
        apply(TAR, hostile.get(i), directory("into-" + i));
      } catch (InvalidArgumentException e) {
        assertFalse(String.valueOf(e.getMessage()).isBlank());
      }
      before.assertSameAs(outside);
    }
  }

  @Test
  @DisplayName("DIFF-FAIL-01 a layer that is damaged or was cut off is refused")
  void damagedLayerIsRefused() throws IOException {
    TarLayer layer = layer().file("a", "x".repeat(3000)).file("b", "y".repeat(3000));
    byte[] plain = layer.bytes();
    byte[] gzipped = layer.gzipped();
    assertLost(TAR, Arrays.copyOf(plain, 2000), "1");
    assertLost(TAR, Arrays.copyOf(plain, plain.length - 3000), "2");
    assertLost(GZIP, Arrays.copyOf(gzipped, gzipped.length - 9), "3");
    assertLost(GZIP, Arrays.copyOf(gzipped, gzipped.length / 2), "4");
  }

  private void assertLost(String mediaType, byte[] archive, String name) throws IOException {
    Path into = directory("cut-" + name);
    DaemonException refused =
        assertThrows(DaemonException.class, () -> apply(mediaType, archive, into));
    assertEquals(DataLossException.class, refused.getClass(), refused::toString);
  }

  @Test
  @DisplayName("DIFF-FAIL-02 a layer that cannot be read fails")
  void unreadableLayerFails() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the line went down");
          }
        };
    ApplyRequest request =
        new ApplyRequest(
            new Descriptor(TAR, Digest.of(new byte[0]), 100),
            bind(target, "rw"),
            Whiteouts.DELETE,
            /* sync= */ true);
    assertThrows(DaemonException.class, () -> differ.apply(request, broken));
  }

  @Test
  @DisplayName("DIFF-MAKE-01 a difference, applied to the older, makes the newer")
  void differenceIsWhole() throws IOException {
    FsTree older =
        FsTree.of(file("/a", "1"), dir("/d", 0755), file("/d/b", "2"), symlink("/l", "a"));
    FsTree newer =
        older.then(
            remove("/d"),
            file("/a", "changed"),
            mode("/a", 0600),
            dir("/e", 0711),
            file("/e/c", "3"),
            link("/e/same", "/e/c"));
    Path lower = directory("lower");
    Path upper = directory("upper");
    older.applyTo(lower);
    newer.applyTo(upper);
    ByteArrayOutputStream archive = new ByteArrayOutputStream();

    Digest diffId = diff(lower, upper, archive);

    assertEquals(Digest.of(archive.toByteArray()), diffId);
    apply(TAR, archive.toByteArray(), lower);
    newer.assertSameAs(lower);
  }

  @Test
  @DisplayName("DIFF-MAKE-02 the same difference is the same bytes")
  void differenceIsReproducible() throws IOException {
    Path lower = directory("lower");
    Path upper = directory("upper");
    FsTree.of(dir("/d", 0755), file("/d/a", "1"), file("/b", "2"), file("/c", "3")).applyTo(upper);
    ByteArrayOutputStream one = new ByteArrayOutputStream();
    ByteArrayOutputStream other = new ByteArrayOutputStream();

    assertEquals(diff(lower, upper, one), diff(lower, upper, other));

    assertArrayEquals(one.toByteArray(), other.toByteArray());
  }

  @Test
  @DisplayName("DIFF-CONC-01 layers are applied at once")
  void manyAtOnce() throws IOException {
    List<Callable<AppliedLayer>> calls = new ArrayList<>();
    List<Path> targets = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Path into = directory("many-" + i);
      byte[] archive = layer().file("a", "text " + i).bytes();
      targets.add(into);
      calls.add(() -> apply(TAR, archive, into));
    }
    assertEquals(8, Race.run(calls).stream().filter(Race.Outcome::succeeded).count());
    for (int i = 0; i < 8; i++) {
      FsTree.of(file("/a", "text " + i)).assertSameAs(targets.get(i));
    }
  }
}
