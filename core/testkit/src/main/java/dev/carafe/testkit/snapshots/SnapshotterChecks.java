package dev.carafe.testkit.snapshots;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.TestMounter;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;

/** What all groups share: a snapshotter in a fresh root, and words to say what it holds. */
abstract class SnapshotterChecks {
  static final Map<String, String> NONE = Map.of();

  private final SnapshotterConformance suite;
  private int mounted;

  WorkDirectory work;
  Path root;
  Snapshotter snapshots;
  TestMounter mounter;

  SnapshotterChecks(SnapshotterConformance suite) {
    this.suite = suite;
  }

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
    mounter = suite.harness().mounter();
    snapshots = openAgain();
  }

  /** Opens the same root again, as a new daemon would after a crash. */
  final Snapshotter openAgain() {
    Snapshotter opened = suite.harness().open(root);
    if (opened instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    return opened;
  }

  /** Closes the snapshotter and opens the same root again. */
  final void restart() {
    if (snapshots instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new AssertionError("close: " + e, e);
      }
    }
    snapshots = openAgain();
  }

  final boolean can(Capability capability) {
    return snapshots.capabilities().contains(capability);
  }

  static SnapshotKey key(String value) {
    return new SnapshotKey(value);
  }

  static Map<String, String> label(String name, String value) {
    return Map.of("containerd.io/snapshot/" + name, value);
  }

  /** Shows mounts to {@code body}. */
  final void look(List<Mount> mounts, Consumer<Path> body) {
    Path directory;
    try {
      directory = Files.createDirectory(work.path().resolve("mount-" + mounted++));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (var shown = mounter.mount(mounts, directory)) {
      body.accept(shown.root());
    }
  }

  /** Prepares an active snapshot with these changes in it. */
  final SnapshotKey active(String name, @Nullable SnapshotKey parent, FsTree changes) {
    look(snapshots.prepare(key(name), parent, NONE), changes::applyTo);
    return key(name);
  }

  /** Commits a snapshot with these changes. */
  final SnapshotKey layer(String name, @Nullable SnapshotKey parent, FsTree changes) {
    commit(active("making " + name, parent, changes), name);
    return key(name);
  }

  final void commit(SnapshotKey active, String name) {
    snapshots.commit(new CommitRequest(active, key(name), null, NONE));
  }

  /** Checks a committed snapshot's files, through a view that is removed again. */
  final void assertFiles(SnapshotKey committed, FsTree expected) {
    SnapshotKey view = key("looking at " + committed);
    look(snapshots.view(view, committed, NONE), expected::assertSameAs);
    snapshots.remove(view);
  }

  final Map<SnapshotKey, Snapshot> all() {
    Map<SnapshotKey, Snapshot> found = new HashMap<>();
    snapshots.forEach(snapshot ->
        assertTrue(
            found.put(snapshot.key(), snapshot) == null, () -> snapshot.key() + " seen twice"));
    return found;
  }
}
