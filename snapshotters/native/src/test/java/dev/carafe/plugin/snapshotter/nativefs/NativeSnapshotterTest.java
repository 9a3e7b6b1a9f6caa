package dev.carafe.plugin.snapshotter.nativefs;

import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Mounter;
import dev.carafe.plugin.snapshotter.support.DirectorySnapshotter;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class NativeSnapshotterTest {
  private static final Map<String, String> NONE = Map.of();

  private static SnapshotKey key(String name) {
    return new SnapshotKey(name);
  }

  @Test
  void viewIsTheParentsDirectory(WorkDirectory work) {
    DirectorySnapshotter snapshots =
        work.closeLater(DirectorySnapshotter.open(work.path(), new NativeFiles()));
    String files = snapshots.prepare(key("a"), null, NONE).getFirst().source();
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));

    assertEquals(
        List.of(new Mount("bind", files, List.of("ro", "rbind"))),
        snapshots.view(key("v"), key("base"), NONE));
    assertEquals(
        List.of(
            new Mount(
                "bind", work.path().resolve("snapshots/3/fs").toString(), List.of("rw", "rbind"))),
        snapshots.prepare(key("b"), key("base"), NONE));
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
  void copyThatDoesNotFitLeavesNothing(WorkDirectory work) throws IOException {
    Path small = Files.createDirectory(work.path().resolve("small"));
    Mounter.kernel().mount(List.of(new Mount("tmpfs", "tmpfs", List.of("size=2m"))), small);
    work.closeLater(() -> Mounter.kernel().unmountAll(small));
    DirectorySnapshotter snapshots =
        work.closeLater(DirectorySnapshotter.open(small, new NativeFiles()));
    Path files = Path.of(snapshots.prepare(key("a"), null, NONE).getFirst().source());
    FsTree.of(file("/big", "x".repeat(1_000_000))).applyTo(files);
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));

    var full =
        assertThrows(
            ResourceExhaustedException.class, () -> snapshots.prepare(key("b"), key("base"), NONE));

    assertTrue(full.getMessage().contains("snapshot \"b\""), full::getMessage);
    assertThrows(NotFoundException.class, () -> snapshots.stat(key("b")));
    try (var left = Files.list(small.resolve("snapshots"))) {
      assertEquals(1, left.count());
    }
    snapshots.remove(key("base"));
    snapshots.cleanup();
    snapshots.prepare(key("b"), null, NONE);
  }

  @Test
  void factoryDeclaresContainerdsName() {
    assertEquals("io.containerd.snapshotter.v1.native", new NativeFactory().declaration().uri());
    assertEquals(new NativeConfig(""), new NativeFactory().declaration().defaults());
    assertThrows(InvalidArgumentException.class, () -> new NativeConfig("relative"));
  }
}
