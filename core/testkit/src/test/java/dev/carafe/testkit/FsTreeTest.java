package dev.carafe.testkit;

import static dev.carafe.testkit.FsTree.attribute;
import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static dev.carafe.testkit.FsTree.mode;
import static dev.carafe.testkit.FsTree.remove;
import static dev.carafe.testkit.FsTree.rename;
import static dev.carafe.testkit.FsTree.sparse;
import static dev.carafe.testkit.FsTree.symlink;
import static dev.carafe.testkit.FsTree.time;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FsTreeTest {
  private static final Instant THEN = Instant.parse("2001-02-03T04:05:06.000000007Z");
  private static final FsTree TREE =
      FsTree.of(
          dir("/d", 0755),
          file("/d/a", "1"),
          link("/d/b", "/d/a"),
          symlink("/l", "d/a"),
          sparse("/s", 1 << 20, "end"),
          attribute("/d/a", "name", "value"),
          time("/s", THEN));

  private Path directory;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    directory = Files.createDirectory(work.path().resolve("tree"));
  }

  @Test
  void treeIsSameAsItself() {
    TREE.applyTo(directory);
    TREE.assertSameAs(directory);
  }

  @Test
  void copyIsSameAsTheTree(WorkDirectory work) throws IOException {
    TREE.applyTo(directory);
    Path copy = Files.createDirectory(work.path().resolve("copy"));
    Trees.copy(directory, copy);
    TREE.assertSameAs(copy);
  }

  @Test
  void everyDifferenceIsFound() throws IOException {
    List<FsChange> differences =
        List.of(
            file("/d/a", "2"),
            file("/new", ""),
            mode("/d", 0700),
            mode("/d/a", 04644),
            remove("/l"),
            remove("/d/b"),
            rename("/d/b", "/d/c"),
            attribute("/d/a", "name", "other"),
            attribute("/d", "more", "x"),
            time("/s", THEN.plusNanos(1)),
            mode("/", 0700));
    for (FsChange difference : differences) {
      Trees.delete(directory);
      Files.createDirectory(directory);
      Files.setAttribute(directory, "unix:mode", 0755);
      TREE.applyTo(directory);
      FsTree.of(difference).applyTo(directory);
      assertThrows(AssertionError.class, () -> TREE.assertSameAs(directory), difference::toString);
    }
  }

  @Test
  void brokenHardLinkIsFound() throws IOException {
    TREE.applyTo(directory);
    Files.delete(directory.resolve("d/b"));
    Files.copy(directory.resolve("d/a"), directory.resolve("d/b"));
    assertThrows(AssertionError.class, () -> TREE.assertSameAs(directory));
  }

  @Test
  void differenceNamesTheFile() {
    FsTree.of(file("/a", "1"), file("/b", "2")).applyTo(directory);
    var failure =
        assertThrows(
            AssertionError.class,
            () -> FsTree.of(file("/a", "1"), file("/b", "3")).assertSameAs(directory));
    assertTrue(failure.getMessage().contains("/b"), failure::getMessage);
  }
}
