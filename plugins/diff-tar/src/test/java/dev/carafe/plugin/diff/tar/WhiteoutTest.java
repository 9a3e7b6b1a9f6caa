package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.Fd;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Trees;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whiteouts hide what is below the layer, and nothing else. Each layer is applied over a copy of
 * its parent, over overlayfs with the parent visible, and into an upper directory that is mounted
 * over the parent afterwards: all three must look the same.
 */
@ExtendWith(LeakCheck.class)
class WhiteoutTest {
  private Path work;
  private Path lower;
  private Layers layers;
  private int runs;

  @BeforeEach
  void prepare(WorkDirectory directory) throws IOException {
    work = directory.path();
    lower = Files.createDirectory(work.resolve("lower"));
    layers = new Layers(work);
  }

  private static TarBuilder tar() {
    return new TarBuilder().at(1_700_000_000L);
  }

  private void parent(TarBuilder layer) {
    layers.apply(layer.build(), lower);
  }

  private static Mount overlay(Path lower, Path upper, Path workDirectory) {
    return new Mount(
        "overlay",
        "overlay",
        List.of("lowerdir=" + lower, "upperdir=" + upper, "workdir=" + workDirectory));
  }

  /** The tree that the layer makes of the parent's; the three ways of it agree. */
  private Map<String, String> merged(TarBuilder archive) throws IOException {
    return merged(archive, false);
  }

  private Map<String, String> merged(TarBuilder archive, boolean needsParent) throws IOException {
    byte[] layer = archive.build();
    Path run = Files.createDirectory(work.resolve("run" + runs++));
    Path copy = Files.createDirectory(run.resolve("copy"));
    Trees.copy(lower, copy);
    layers.apply(layer, copy);
    Map<String, String> deleted = Tree.withoutTimes(copy);

    Path upper = Files.createDirectory(run.resolve("upper"));
    Path scratch = Files.createDirectory(run.resolve("work"));
    Mount seen = overlay(lower, upper, scratch);
    layers.apply(Layers.TAR, layer, List.of(seen), Whiteouts.DELETE);
    assertEquals(deleted, mounted(seen), "over overlayfs");

    Path blind = Files.createDirectory(run.resolve("blind"));
    Path blindWork = Files.createDirectory(run.resolve("blindWork"));
    AppliedLayer applied = layers.apply(Layers.TAR, layer, blind, Whiteouts.OVERLAY);
    assertEquals(needsParent, applied.needsParent());
    assertEquals(Digest.of(layer), applied.diffId());
    if (!needsParent) {
      assertEquals(deleted, mounted(overlay(lower, blind, blindWork)), "without the parent");
    }
    return deleted;
  }

  private static Map<String, String> mounted(Mount mount) {
    try (Fd root = DetachedMount.open(List.of(mount));
        Fd readable = TarDiffer.directory(root)) {
      return Tree.of(readable, false);
    }
  }

  @Test
  void aNameIsDeleted() throws IOException {
    parent(tar().file("f", "1").dir("d/").dir("d/e/").file("d/e/g", "2").symlink("s", "d"));
    assertEquals(
        Set.of(), merged(tar().file(".wh.f", "").file(".wh.d", "").file(".wh.s", "")).keySet());
  }

  @Test
  void whatIsNotThereIsDeletedWithoutComplaint() throws IOException {
    assertEquals(
        Set.of("/d"), merged(tar().dir("d/").file("d/.wh.x", "").file(".wh.y", "")).keySet());
  }

  @Test
  void aNewFileOfADeletedNameStaysInEitherOrder() throws IOException {
    parent(tar().file("a", "old").dir("b/").file("b/old", "x").dir("c/").file("c/old", "x"));
    Map<String, String> expected =
        merged(tar().file(".wh.a", "").file("a", "new").file(".wh.b", "").file("b", "new"));
    assertEquals(Set.of("/a", "/b", "/c", "/c/old"), expected.keySet());
    assertEquals(
        expected,
        merged(tar().file("a", "new").file(".wh.a", "").file("b", "new").file(".wh.b", "")));
  }

  @Test
  void aNewDirectoryOfADeletedNameShowsNothingOfTheOldInEitherOrder() throws IOException {
    parent(tar().dir("d/").file("d/old", "x").dir("d/sub/").file("d/sub/old", "y"));
    Map<String, String> expected =
        merged(
            tar()
                .file(".wh.d", "")
                .dir("d/")
                .file("d/new", "1")
                .dir("d/sub/")
                .file("d/sub/n", "2"));
    assertEquals(Set.of("/d", "/d/new", "/d/sub", "/d/sub/n"), expected.keySet());
    assertEquals(
        expected,
        merged(
            tar()
                .dir("d/")
                .file("d/new", "1")
                .dir("d/sub/")
                .file("d/sub/n", "2")
                .file(".wh.d", "")));
  }

  @Test
  void anOpaqueDirectoryShowsItsOwnFilesOnlyInEitherOrder() throws IOException {
    parent(
        tar().dir("d/").file("d/old", "x").file("d/both", "old").dir("d/s/").file("d/s/old", "y"));
    var first =
        tar()
            .dir("d/")
            .file("d/.wh..wh..opq", "")
            .file("d/both", "new")
            .dir("d/s/")
            .file("d/s/n", "");
    var last =
        tar()
            .dir("d/")
            .file("d/both", "new")
            .dir("d/s/")
            .file("d/s/n", "")
            .file("d/.wh..wh..opq", "");
    Map<String, String> expected = merged(first);
    assertEquals(Set.of("/d", "/d/both", "/d/s", "/d/s/n"), expected.keySet());
    assertEquals(expected.get("/d/both"), merged(last).get("/d/both"));
  }

  /** Overlayfs cannot hide what is in a directory that was merged before; the parent is needed. */
  @Test
  void anOpaqueRootNeedsTheParent() throws IOException {
    parent(tar().file("old", "x").dir("d/").file("d/old", "y"));
    assertEquals(
        Set.of("/d", "/d/n"),
        merged(tar().dir("d/").file("d/n", "1").file(".wh..wh..opq", ""), true).keySet());
  }

  @Test
  void aFileReplacesADirectoryAndADirectoryAFile() throws IOException {
    parent(tar().dir("d/").file("d/old", "x").file("f", "old"));
    assertEquals(
        Set.of("/d", "/f", "/f/new"),
        merged(tar().file("d", "1").dir("f/").file("f/new", "2")).keySet());
  }

  @Test
  void aDirectoryThatComesAfterAFileOfItsNameIsNew() throws IOException {
    parent(tar().dir("d/").file("d/old", "x"));
    assertEquals(
        Set.of("/d", "/d/n"), merged(tar().file("d", "1").dir("d/").file("d/n", "2")).keySet());
  }

  @Test
  void whatLeansOnTheParentNeedsIt() throws IOException {
    parent(tar().dir("usr/").dir("usr/lib/").symlink("lib", "usr/lib").file("f", "x"));
    assertTrue(merged(tar().file("lib/new", "1"), true).containsKey("/usr/lib/new"));
    assertTrue(merged(tar().hardLink("g", "f"), true).containsKey("/g"));
    assertTrue(merged(tar().dir("usr/").file("usr/lib/x", "1"), true).containsKey("/usr/lib/x"));
    assertTrue(
        merged(tar().symlink("l", "usr/lib").file("l/y", "1"), true).containsKey("/usr/lib/y"));
    assertFalse(merged(tar().file("usr/.wh.lib", ""), true).containsKey("/usr/lib"));
    assertTrue(merged(tar().file(".wh.usr", "").file("usr/x", ""), true).containsKey("/usr/x"));
  }

  @Test
  void aMergedDirectoryHasTheAttributesOfItsEntryOnly() throws IOException {
    parent(tar().xattr("user.old", "1").xattr("user.both", "1").dir("d/").file("d/f", "x"));
    String line = merged(tar().xattr("user.both", "2").dir("d/", h -> h.mode(0700))).get("/d");
    assertTrue(line.contains("user.both=32") && !line.contains("user.old"), line);
  }

  @Test
  void whiteoutsOfEverythingInALargeDirectoryAreLinear() throws IOException {
    var old = tar().dir("d/");
    var gone = tar().dir("d/");
    for (int i = 0; i < 1500; i++) {
      old.file("d/f" + i, "");
      gone.file("d/.wh.f" + i, "").file("d/.wh..wh..opq", "").file("d/n" + i, "");
    }
    parent(old);
    assertEquals(1501, merged(gone).size());
  }

  /** Random layers over random layers: what one way shows, all show. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void randomLayersLookTheSameInEveryWay(long seed) throws IOException {
    var random = new Random(seed);
    parent(randomLayer(random, false));
    int compared = 0;
    for (int i = 0; compared < 4; i++) {
      assertTrue(i < 200, "hardly any layer stands on its own");
      byte[] layer = randomLayer(random, true).build();
      Path probe = Files.createDirectories(work.resolve("probe" + i));
      try {
        boolean needsParent =
            layers.apply(Layers.TAR, layer, probe, Whiteouts.OVERLAY).needsParent();
        merged(new TarBuilder().bytes(Arrays.copyOf(layer, layer.length - 1024)), needsParent);
        compared += needsParent ? 0 : 1;
      } catch (InvalidArgumentException e) {
        // A link or file where a directory is needed: refused in every way.
        assertTrue(e.getMessage().contains("entry"), e.getMessage());
      }
    }
  }

  /** Directories have entries, so that most layers stand on their own. */
  private static TarBuilder randomLayer(Random random, boolean whiteouts) {
    var layer = tar();
    String[] names = {"a", "b", "c"};
    var directories = new ArrayList<String>(List.of(""));
    for (int i = 0; i < 25; i++) {
      String directory = directories.get(random.nextInt(directories.size()));
      String path = directory + names[random.nextInt(names.length)];
      switch (random.nextInt(whiteouts ? 8 : 4)) {
        case 0, 1 -> {
          layer.dir(path + "/");
          directories.add(path + "/");
        }
        case 2 -> {
          layer.file(path, "content " + random.nextInt(100));
          directories.removeIf(known -> known.startsWith(path + "/"));
        }
        case 3 -> {
          layer.symlink(path, "target");
          directories.removeIf(known -> known.startsWith(path + "/"));
        }
        case 4, 5, 6 -> layer.file(directory + ".wh." + names[random.nextInt(names.length)], "");
        default -> {
          if (!directory.isEmpty()) {
            layer.file(directory + ".wh..wh..opq", "");
          }
        }
      }
    }
    return layer;
  }
}
