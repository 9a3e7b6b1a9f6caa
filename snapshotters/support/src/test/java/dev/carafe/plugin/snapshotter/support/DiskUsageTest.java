package dev.carafe.plugin.snapshotter.support;

import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static dev.carafe.testkit.FsTree.sparse;
import static dev.carafe.testkit.FsTree.symlink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.snapshots.Usage;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class DiskUsageTest {
  private static final int DEEP = 3000;

  private Path directory;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    directory = Files.createDirectory(work.path().resolve("tree"));
  }

  @Test
  void everythingCountsOnce() {
    FsTree.of(
            dir("/d", 0755),
            dir("/d/e", 0755),
            file("/d/e/a", "x".repeat(100_000)),
            link("/b", "/d/e/a"),
            link("/d/c", "/d/e/a"),
            symlink("/l", "/d"),
            sparse("/s", 1L << 30, "end"))
        .applyTo(directory);

    Usage usage = DiskUsage.of(directory);

    assertEquals(6, usage.inodes());
    assertTrue(usage.bytes() >= 100_000 && usage.bytes() < 400_000, usage::toString);
  }

  @Test
  void noTreeIsTooDeep() {
    Fd current = PathCalls.open(directory, OpenFlags.PATH, 0);
    RawPath name = RawPath.of("d".repeat(20));
    for (int i = 0; i < DEEP; i++) {
      PathCalls.mkdirat(current, name, 0700);
      Fd next = PathCalls.openat(current, name, OpenFlags.PATH, 0);
      current.close();
      current = next;
    }
    current.close();

    assertEquals(DEEP + 1, DiskUsage.of(directory).inodes());
    TreeRemover.remove(directory);
  }

  @Test
  void missingDirectoryIsSaidSo() {
    var missing =
        assertThrows(ErrnoException.class, () -> DiskUsage.of(directory.resolve("nothing")));
    assertTrue(missing.getMessage().contains("ENOENT"), missing::getMessage);
  }

  @Test
  void interruptEndsIt() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> DiskUsage.of(directory));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }
}
