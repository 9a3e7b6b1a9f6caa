package dev.carafe.testkit.snapshots;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import dev.carafe.testkit.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A snapshotter for tests: knows its snapshots in memory only, and keeps their files as whole
 * copies in plain directories, so it needs no privilege. One call at a time. Declines {@link
 * Capability#SURVIVES_RESTART}: a new instance on the same root is empty.
 */
public final class MemorySnapshotter implements Snapshotter {
  private final Path directory;
  private final Set<Capability> capabilities;
  private final Map<SnapshotKey, Entry> entries = new TreeMap<>();
  private int lastId;

  private MemorySnapshotter(Path root, Set<Capability> capabilities) {
    this.capabilities = Set.copyOf(capabilities);
    try {
      this.directory = Files.createTempDirectory(root, "instance-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Files go below {@code root}, which must exist. */
  public MemorySnapshotter(Path root) {
    this(root, EnumSet.noneOf(Capability.class));
  }

  /**
   * One that takes a parent at commit: the snapshot's files are then laid over the parent's. It
   * knows no marks for deletions.
   */
  public static MemorySnapshotter rebasing(Path root) {
    return new MemorySnapshotter(root, EnumSet.of(Capability.REBASE, Capability.CLEANUP));
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public synchronized Snapshot stat(SnapshotKey key) {
    return find(key).snapshot;
  }

  @Override
  public synchronized Snapshot updateLabels(
      SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    Entry entry = find(key);
    Snapshot old = entry.snapshot;
    Map<String, String> labels = change.apply(old.labels());
    Snapshot changed =
        snapshot(Kind.of(old), key, old.parent(), labels, old.createdAt(), Instant.now());
    entries.put(key, new Entry(changed, entry.directory));
    return changed;
  }

  @Override
  public synchronized Usage usage(SnapshotKey key) {
    try (Stream<Path> files = Files.walk(find(key).directory)) {
      long bytes = 0;
      Set<Object> inodes = new HashSet<>();
      for (Path file : files.toList()) {
        BasicFileAttributes attributes =
            Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (inodes.add(attributes.fileKey())) {
          bytes += attributes.size();
        }
      }
      return new Usage(bytes, inodes.size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized List<Mount> mounts(SnapshotKey key) {
    Entry entry = find(key);
    return switch (entry.snapshot) {
      case Snapshot.Active _ -> mounts(entry.directory, "rw");
      case Snapshot.View _ -> mounts(entry.directory, "ro");
      case Snapshot.Committed _ -> throw new FailedPreconditionException(named(key) + "committed");
    };
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return create(Kind.ACTIVE, key, parent, labels);
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    return create(Kind.VIEW, key, parent, labels);
  }

  @Override
  public synchronized void commit(CommitRequest request) {
    Entry entry = find(request.key());
    if (!(entry.snapshot instanceof Snapshot.Active active)) {
      throw new FailedPreconditionException(named(request.key()) + "not active");
    }
    SnapshotKey parent = active.parent();
    if (request.parent() != null) {
      if (!capabilities.contains(Capability.REBASE)) {
        throw new UnimplementedException("a parent at commit is not supported");
      }
      if (parent != null) {
        throw new FailedPreconditionException(named(request.key()) + "has a parent already");
      }
      parent = request.parent();
      committed(parent);
    }
    if (entries.containsKey(request.name())) {
      throw new AlreadyExistsException(named(request.name()) + "already exists");
    }
    Path files = entry.directory;
    if (request.parent() != null) {
      files = newDirectory();
      Trees.copy(committed(request.parent()).directory, files);
      Trees.copy(entry.directory, files);
      Trees.delete(entry.directory);
    }
    Instant now = Instant.now();
    Snapshot committed =
        snapshot(Kind.COMMITTED, request.name(), parent, request.labels(), now, now);
    entries.remove(request.key());
    entries.put(request.name(), new Entry(committed, files));
  }

  @Override
  public synchronized void remove(SnapshotKey key) {
    Entry entry = find(key);
    for (Entry other : entries.values()) {
      if (key.equals(other.snapshot.parent())) {
        throw new FailedPreconditionException(named(key) + "has children");
      }
    }
    entries.remove(key);
    Trees.delete(entry.directory);
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    Collection<Entry> now;
    synchronized (this) {
      now = new ArrayList<>(entries.values());
    }
    now.forEach(entry -> visitor.accept(entry.snapshot));
  }

  @Override
  public void cleanup() {
    if (!capabilities.contains(Capability.CLEANUP)) {
      throw new UnimplementedException("cleanup is not supported");
    }
  }

  private synchronized List<Mount> create(
      Kind kind, SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    if (entries.containsKey(key)) {
      throw new AlreadyExistsException(named(key) + "already exists");
    }
    Entry below = parent == null ? null : committed(parent);
    Path files = newDirectory();
    if (below != null) {
      Trees.copy(below.directory, files);
    }
    Instant now = Instant.now();
    entries.put(key, new Entry(snapshot(kind, key, parent, labels, now, now), files));
    return mounts(files, kind == Kind.VIEW ? "ro" : "rw");
  }

  private Entry find(SnapshotKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      throw new NotFoundException(named(key) + "not found");
    }
    return entry;
  }

  private Entry committed(SnapshotKey parent) {
    Entry entry = find(parent);
    if (!(entry.snapshot instanceof Snapshot.Committed)) {
      throw new FailedPreconditionException(named(parent) + "not committed");
    }
    return entry;
  }

  private Path newDirectory() {
    try {
      Path files = Files.createDirectory(directory.resolve(Integer.toString(++lastId)));
      Files.setAttribute(files, "unix:mode", 0755);
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Mount> mounts(Path files, String access) {
    return List.of(new Mount("bind", files.toString(), List.of(access, "rbind")));
  }

  private static String named(SnapshotKey key) {
    return "snapshot \"" + key + "\": ";
  }

  private static Snapshot snapshot(
      Kind kind,
      SnapshotKey key,
      @Nullable SnapshotKey parent,
      Map<String, String> labels,
      Instant created,
      Instant updated) {
    return switch (kind) {
      case ACTIVE -> new Snapshot.Active(key, parent, labels, created, updated);
      case VIEW -> new Snapshot.View(key, parent, labels, created, updated);
      case COMMITTED -> new Snapshot.Committed(key, parent, labels, created, updated);
    };
  }

  private enum Kind {
    ACTIVE,
    VIEW,
    COMMITTED;

    static Kind of(Snapshot snapshot) {
      return switch (snapshot) {
        case Snapshot.Active _ -> ACTIVE;
        case Snapshot.View _ -> VIEW;
        case Snapshot.Committed _ -> COMMITTED;
      };
    }
  }

  private record Entry(Snapshot snapshot, Path directory) {}
}
