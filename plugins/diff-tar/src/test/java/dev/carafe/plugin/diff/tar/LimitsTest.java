package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each limit ends a layer that needs more, and lets pass what needs just as much. */
@ExtendWith(LeakCheck.class)
class LimitsTest {
  private Path work;
  private Path root;

  @BeforeEach
  void prepare(WorkDirectory directory) throws IOException {
    work = directory.path();
    root = Files.createDirectories(work.resolve("root"));
  }

  private static TarDifferConfig limits(
      long entries,
      int header,
      int depth,
      int pieces,
      long bytes,
      long ratio,
      long floor,
      int dirs) {
    return new TarDifferConfig(
        entries, header, depth, pieces, bytes, ratio, floor, dirs, 8192, 4, 6, 3);
  }

  private static TarDifferConfig generous() {
    return limits(1000, 1 << 20, 1024, 1000, 1 << 30, 2000, 1 << 30, 1 << 20);
  }

  private void passes(TarDifferConfig limits, TarBuilder archive) {
    byte[] layer = archive.build();
    assertDoesNotThrow(() -> new Layers(work, limits).apply(layer, root));
  }

  private void isTooMuch(TarDifferConfig limits, TarBuilder archive) {
    isTooMuch(limits, Layers.TAR, archive.build());
  }

  private void isTooMuch(TarDifferConfig limits, String mediaType, byte[] layer) {
    var layers = new Layers(work, limits);
    var failure =
        assertThrows(
            ResourceExhaustedException.class,
            () -> layers.apply(mediaType, layer, root, Whiteouts.DELETE));
    assertTrue(failure.getMessage().startsWith("layer sha256:"), failure.getMessage());
  }

  private static TarBuilder files(int count) {
    var archive = new TarBuilder();
    for (int i = 0; i < count; i++) {
      archive.file("f" + i, "");
    }
    return archive;
  }

  @Test
  void entriesAreCounted() {
    TarDifferConfig ten = limits(10, 1 << 20, 1024, 1000, 1 << 30, 2000, 1 << 30, 1 << 20);
    passes(ten, files(10));
    isTooMuch(ten, files(11));
    isTooMuch(ten, files(9).pax("mtime", "1").file("g", ""));
    isTooMuch(ten, new TarBuilder().file("a/b/c/d/e/f/g/h/i/j/k", ""));
    var whiteouts = new TarBuilder();
    for (int i = 0; i < 11; i++) {
      whiteouts.file(".wh.x", "");
    }
    isTooMuch(ten, whiteouts);
  }

  @Test
  void headersAreBounded() {
    TarDifferConfig small = limits(1000, 4096, 1024, 1000, 1 << 30, 2000, 1 << 30, 1 << 20);
    passes(small, new TarBuilder().pax("comment", "x".repeat(4000)).file("f", ""));
    isTooMuch(small, new TarBuilder().pax("comment", "x".repeat(5000)).file("f", ""));
  }

  @Test
  void depthIsBounded() {
    TarDifferConfig shallow = limits(1000, 1 << 20, 4, 1000, 1 << 30, 2000, 1 << 30, 1 << 20);
    passes(shallow, new TarBuilder().file("a/b/c/d", ""));
    isTooMuch(shallow, new TarBuilder().file("a/b/c/d/e", ""));
  }

  @Test
  void piecesOfSparseFilesAreBounded() {
    TarDifferConfig two = limits(1000, 1 << 20, 1024, 2, 1 << 30, 2000, 1 << 30, 1 << 20);
    passes(two, sparse("0,0,5,0", "9"));
    isTooMuch(two, sparse("0,0,5,0,6,0", "9"));
  }

  private static TarBuilder sparse(String map, String size) {
    return new TarBuilder()
        .pax("GNU.sparse.map", map)
        .pax("GNU.sparse.size", size)
        .file("sparse", "");
  }

  @Test
  void holesCountAsBytes() {
    TarDifferConfig megabyte = limits(1000, 1 << 20, 1024, 1000, 1 << 20, 2000, 1 << 30, 1 << 20);
    passes(megabyte, sparse("0,0", "1048576"));
    isTooMuch(megabyte, sparse("0,0", "1048577"));
    isTooMuch(
        megabyte,
        sparse("0,0", "1000000")
            .pax("GNU.sparse.map", "0,0")
            .pax("GNU.sparse.size", "1000000")
            .file("g", ""));
    isTooMuch(generous(), sparse("0,0", "999999999999999999"));
    isTooMuch(generous(), sparse("0,0", "9".repeat(19)));
  }

  @Test
  void aSizeThatNoLayerHasIsRefusedAtItsHeader() {
    isTooMuch(generous(), new TarBuilder().file("f", "", h -> h.base256(124, 12, Long.MAX_VALUE)));
    isTooMuch(generous(), new TarBuilder().pax("size", "999999999999999").file("f", ""));
  }

  @Test
  void unpackedBytesAreBounded() {
    TarDifferConfig small = limits(1000, 1 << 20, 1024, 1000, 20_000, 2000, 1 << 30, 1 << 20);
    byte[] layer = new TarBuilder().bytes(new byte[30_000]).build();
    isTooMuch(small, Layers.TAR, layer);
    isTooMuch(small, Layers.GZIP, TarBuilder.gzip(layer));
  }

  @Test
  void bombsAreDisarmed() {
    TarDifferConfig wary = limits(1000, 1 << 20, 1024, 1000, 1 << 30, 100, 1 << 20, 1 << 20);
    byte[] zeros = new TarBuilder().entry('0', "zeros", new byte[64 << 20], _ -> {}).build();
    isTooMuch(wary, Layers.GZIP, TarBuilder.gzip(zeros));
    var layers = new Layers(work);
    new ZstdLibrary(layers.scratch()).load();
    isTooMuch(wary, Layers.ZSTD, Zstd.compress(zeros));
    byte[] modest = new TarBuilder().entry('0', "zeros", new byte[900_000], _ -> {}).build();
    assertDoesNotThrow(() ->
        new Layers(work, wary).apply(Layers.GZIP, TarBuilder.gzip(modest), root, Whiteouts.DELETE));
  }

  @Test
  void timesOfDirectoriesAreBounded() {
    TarDifferConfig forgetful = limits(1000, 1 << 20, 1024, 1000, 1 << 30, 2000, 1 << 30, 4096);
    var archive = new TarBuilder();
    for (int i = 0; i < 60; i++) {
      archive.dir("directory-number-" + i + "-" + "n".repeat(50 + i % 7) + "/");
    }
    isTooMuch(forgetful, archive);
  }

  @Test
  void aFullDiskIsNoDamage() {
    var disk = new Mount("tmpfs", "tmpfs", List.of("size=1m", "nr_inodes=100"));
    var layers = new Layers(work);
    byte[] big = new TarBuilder().entry('0', "f", new byte[2 << 20], _ -> {}).build();
    byte[] many = files(200).build();
    for (byte[] layer : List.of(big, many)) {
      assertThrows(
          ResourceExhaustedException.class,
          () -> layers.apply(Layers.TAR, layer, List.of(disk), Whiteouts.DELETE));
    }
  }

  @Test
  void deepTreesAreRemovedWithoutDeepRecursion() {
    var layers = new Layers(work);
    var archive = new TarBuilder();
    archive.pax("path", "d/".repeat(1000) + "f").file("f", "");
    layers.apply(archive.build(), root);
    layers.apply(new TarBuilder().file(".wh.d", "").build(), root);
    assertEquals(0, Tree.of(root).size());
  }

  /** Entries that walk through many links cost the same as others: what they found is kept. */
  @Test
  void longChainsOfLinksAreWalkedOnce() {
    var archive = new TarBuilder();
    archive.dir("d/");
    for (int i = 0; i < 39; i++) {
      archive.symlink("l" + i, (i == 0 ? "d" : "l" + (i - 1)) + "/.".repeat(40));
    }
    for (int i = 0; i < 900; i++) {
      archive.file("l38/f" + i, "");
    }
    passes(generous(), archive);
    assertEquals(940, Tree.of(root).size());
  }
}
