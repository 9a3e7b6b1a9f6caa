package dev.carafe.plugin.snapshotter.overlayfs;

import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.plugin.snapshotter.support.DirectorySnapshotter;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
class OverlayfsSnapshotterTest {
  private static final Map<String, String> NONE = Map.of();

  private WorkDirectory work;
  private Path root;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
  }

  private static SnapshotKey key(String name) {
    return new SnapshotKey(name);
  }

  private DirectorySnapshotter open(Path where, OverlayfsConfig config) {
    return work.closeLater(OverlayfsFactory.open(where, config));
  }

  private Path mounted(List<Mount> mounts, String name) throws IOException {
    Path directory = Files.createDirectory(work.path().resolve(name));
    return work.closeLater(TestMounter.kernel().mount(mounts, directory)).root();
  }

  /** A small file system of its own, unmounted after the test. */
  private Path tmpfs(String size) throws IOException {
    return mounted(List.of(new Mount("tmpfs", "tmpfs", List.of("size=" + size))), "tmpfs");
  }

  @Test
  void marksOfDeletionWorkUnderParentGivenAtCommit() throws IOException {
    DirectorySnapshotter snapshots = open(root, OverlayfsConfig.DEFAULT);
    Path base = Path.of(snapshots.prepare(key("a"), null, NONE).getFirst().source());
    FsTree.of(
            file("/deleted", "x"),
            file("/kept", "x"),
            dir("/opaque", 0755),
            file("/opaque/hidden", "x"))
        .applyTo(base);
    Path free = Path.of(snapshots.prepare(key("b"), null, NONE).getFirst().source());
    PathCalls.mknodat(Fd.CWD, RawPath.of(free.resolve("deleted")), FileStat.CHARACTER_DEVICE, 0, 0);
    FsTree.of(dir("/opaque", 0750), file("/opaque/new", "y")).applyTo(free);
    XattrCalls.set(
        RawPath.of(free.resolve("opaque")), "trusted.overlay.opaque", new byte[] {'y'}, 0);

    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));
    snapshots.commit(new CommitRequest(key("b"), key("layer"), key("base"), NONE));

    FsTree.of(file("/kept", "x"), dir("/opaque", 0750), file("/opaque/new", "y"))
        .assertSameAs(mounted(snapshots.view(key("v"), key("layer"), NONE), "view"));
  }

  @Test
  void usageIsThatOfTheUpperDirectory() throws IOException {
    DirectorySnapshotter snapshots = open(root, OverlayfsConfig.DEFAULT);
    Path base = Path.of(snapshots.prepare(key("a"), null, NONE).getFirst().source());
    Files.write(base.resolve("big"), new byte[1 << 20]);
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));

    snapshots.prepare(key("child"), key("base"), NONE);

    assertEquals(1, snapshots.usage(key("child")).inodes());
    assertTrue(snapshots.usage(key("child")).bytes() < 1 << 16);
    assertTrue(snapshots.usage(key("base")).bytes() >= 1 << 20);
  }

  @Test
  void labelsOfAMappingShowTheImageToAnotherUser() throws IOException {
    // Given
    DirectorySnapshotter snapshots = open(root, OverlayfsConfig.DEFAULT);
    assumeTrue(snapshots.capabilities().contains(Capability.REMAP_IDS), "Linux 5.19 can do it");
    Path base = Path.of(snapshots.prepare(key("a"), null, NONE).getFirst().source());
    Files.writeString(base.resolve("file"), "x");
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));
    Map<String, String> labels =
        Map.of(
            "containerd.io/snapshot/uidmapping", "0:100000:65536",
            "containerd.io/snapshot/gidmapping", "0:100000:65536");

    // When
    Path writable = mounted(snapshots.prepare(key("b"), key("base"), labels), "writable");
    Path view = mounted(snapshots.view(key("v"), key("base"), labels), "view");

    // Then
    for (Path path : List.of(writable, writable.resolve("file"), view, view.resolve("file"))) {
      assertEquals(100_000, Files.getAttribute(path, "unix:uid"), path.toString());
    }
    assertEquals(0, Files.getAttribute(base.resolve("file"), "unix:uid"));
  }

  @Test
  void removedFilesGoWithCleanupOrAtOnce() throws IOException {
    DirectorySnapshotter later = open(root, OverlayfsConfig.DEFAULT);
    Path first = Path.of(later.prepare(key("a"), null, NONE).getFirst().source());
    later.remove(key("a"));
    assertTrue(Files.exists(first));
    later.cleanup();
    assertFalse(Files.exists(first.getParent()));
    later.close();

    DirectorySnapshotter now = open(root, new OverlayfsConfig("", false, true, List.of()));
    Path second = Path.of(now.prepare(key("b"), null, NONE).getFirst().source());
    now.remove(key("b"));
    assertFalse(Files.exists(second.getParent()));
  }

  @Test
  void upperDirectoryLabelIsShownAndNotStored() {
    DirectorySnapshotter snapshots = open(root, new OverlayfsConfig("", true, false, List.of()));
    snapshots.prepare(key("a"), null, Map.of("containerd.io/snapshot/x", "1"));

    Snapshot shown = snapshots.stat(key("a"));

    String upper = root.resolve("snapshots/1/fs").toString();
    assertEquals(
        Map.of("containerd.io/snapshot/x", "1", "containerd.io/snapshot/overlay.upperdir", upper),
        shown.labels());
    List<Snapshot> all = new ArrayList<>();
    snapshots.forEach(all::add);
    assertEquals(List.of(shown), all);
    snapshots.updateLabels(
        key("a"),
        labels -> {
          assertEquals(Map.of("containerd.io/snapshot/x", "1"), labels);
          return labels;
        });
  }

  @Test
  void volatileMountWorks() throws IOException {
    DirectorySnapshotter snapshots =
        open(root, new OverlayfsConfig("", false, false, List.of("volatile")));
    snapshots.prepare(key("a"), null, NONE);
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));
    Path files = mounted(snapshots.prepare(key("b"), key("base"), NONE), "volatile");
    FsTree.of(file("/a", "x")).applyTo(files);
    FsTree.of(file("/a", "x")).assertSameAs(files);
  }

  @Test
  void fileSystemWithoutOverlayIsRefusedByName() throws IOException {
    DirectorySnapshotter snapshots = open(root, OverlayfsConfig.DEFAULT);
    snapshots.prepare(key("a"), null, NONE);
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));
    Path overlay = mounted(snapshots.prepare(key("b"), key("base"), NONE), "overlay");

    var refused =
        assertThrows(
            FailedPreconditionException.class,
            () -> OverlayfsFactory.open(overlay, OverlayfsConfig.DEFAULT));

    assertTrue(refused.getMessage().contains(overlay.toString()), refused::getMessage);
    assertTrue(refused.getMessage().contains("native snapshotter"), refused::getMessage);
    assertFalse(Files.exists(overlay.resolve("probe.new")));
  }

  @Test
  void goodProbeIsRememberedForThisMachine() throws IOException {
    OverlayProbe.probe(root);
    String note = Files.readString(root.resolve("probe"));
    Files.writeString(root.resolve("probe.new"), "only a probe would remove this");
    OverlayProbe.probe(root);
    assertTrue(Files.exists(root.resolve("probe.new")));

    Files.writeString(root.resolve("probe"), "another machine");
    OverlayProbe.probe(root);
    assertEquals(note, Files.readString(root.resolve("probe")));
    assertFalse(Files.exists(root.resolve("probe.new")));
  }

  @Test
  void fullDiskRefusesNewSnapshotsAndStillRemoves() throws IOException {
    Path small = tmpfs("3m");
    DirectorySnapshotter snapshots = open(small, OverlayfsConfig.DEFAULT);
    Path files = Path.of(snapshots.prepare(key("filler"), null, NONE).getFirst().source());
    fill(files.resolve("filling"));

    int made = 0;
    ResourceExhaustedException full = null;
    while (full == null && made < 100_000) {
      try {
        snapshots.prepare(key("s" + made), null, NONE);
        made++;
      } catch (ResourceExhaustedException e) {
        full = e;
      }
    }
    assertTrue(full != null && full.getMessage().contains("full"), () -> "no failure");

    for (int i = 0; i < made; i++) {
      snapshots.remove(key("s" + i));
    }
    snapshots.remove(key("filler"));
    snapshots.cleanup();
    DirectorySnapshotter reopened = open(small, OverlayfsConfig.DEFAULT);
    reopened.forEach(snapshot -> assertEquals(null, snapshot));
    reopened.prepare(key("room again"), null, NONE);
    try (var left = Files.list(small.resolve("snapshots"))) {
      assertEquals(1, left.count());
    }
  }

  private static void fill(Path file) throws IOException {
    byte[] block = new byte[4096];
    try (var out = Files.newOutputStream(file)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left")) {
        throw e;
      }
    }
  }

  @Test
  void factoryDeclaresAndExports() {
    OverlayfsFactory factory = new OverlayfsFactory();
    assertEquals("io.containerd.snapshotter.v1.overlayfs", factory.declaration().uri());
    Map<String, String> exports = new TreeMap<>();
    List<String> capabilities = new ArrayList<>();
    PluginContext context =
        new PluginContext() {
          @Override
          public Path root() {
            return root;
          }

          @Override
          public Path state() {
            return root;
          }

          @Override
          public <T> T require(PluginType<T> type) {
            throw new AssertionError("nothing is required");
          }

          @Override
          public <T> Map<String, T> requireAll(PluginType<T> type) {
            throw new AssertionError("nothing is required");
          }

          @Override
          public void capability(String name) {
            capabilities.add(name);
          }

          @Override
          public void export(String key, String value) {
            exports.put(key, value);
          }
        };

    var first = factory.create(context, factory.declaration().defaults());
    work.closeLater((AutoCloseable) first);
    Path elsewhere = work.path().resolve("made/for/it");
    var second =
        factory.create(context, new OverlayfsConfig(elsewhere.toString(), false, false, List.of()));
    work.closeLater((AutoCloseable) second);

    List<String> each =
        first.capabilities().contains(Capability.REMAP_IDS)
            ? List.of("rebase", "remap-ids")
            : List.of("rebase");
    assertEquals(Stream.of(each, each).flatMap(List::stream).toList(), capabilities);
    assertEquals(Map.of("root", elsewhere.toString()), exports);
    assertTrue(Files.exists(elsewhere.resolve("snapshots")));
  }

  @Test
  void mountsAreMadeByTheCallerOnly() throws IOException {
    DirectorySnapshotter snapshots = open(root, OverlayfsConfig.DEFAULT);
    snapshots.prepare(key("a"), null, NONE);
    snapshots.commit(new CommitRequest(key("a"), key("base"), null, NONE));
    snapshots.prepare(key("b"), key("base"), NONE);
    assertFalse(Files.readString(Path.of("/proc/self/mountinfo")).contains(root.toString()));
  }
}
