package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Does to a tree what the entries of one layer say (OCI image specification, "Image Layer
 * Filesystem Changeset"). Everything is created by a descriptor of its directory and a single name.
 * An entry replaces whatever has its name; a directory keeps what is in a directory of its name.
 * Whiteouts hide what is below this layer, wherever in the archive they stand.
 */
final class Extractor implements AutoCloseable {
  private static final byte[] WHITEOUT = {'.', 'w', 'h', '.'};
  private static final byte[] META = {'.', 'w', 'h', '.', '.', 'w', 'h', '.'};
  private static final RawPath OPAQUE = RawPath.of(".wh..wh..opq");
  private static final int CREATE =
      OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.WRONLY | OpenFlags.NOFOLLOW;
  private static final int PRIVATE_FILE = 0600;
  private static final int PRIVATE_DIRECTORY = 0700;

  private final Fd root;
  private final boolean overlay;
  private final boolean layer;
  private final boolean owners;
  private final TarReader reader;
  private final int maxDepth;
  private final Runnable checkpoint;
  private final LayerIndex index = new LayerIndex();
  private final Directories directories;
  private final TreePruner pruner;
  private final DirectoryTimes times;

  /**
   * @param root the directory to fill, readable; stays open
   * @param checkpoint called often; throws to end the work
   */
  Extractor(
      Fd root, Whiteouts whiteouts, TarReader reader, TarDifferConfig limits, Runnable checkpoint) {
    this(root, whiteouts, reader, limits, checkpoint, true, true);
  }

  /**
   * @param layer whether names that layers reserve have their meaning, and the root its entry
   * @param owners whether files belong to whom their entries name, else to root
   */
  Extractor(
      Fd root,
      Whiteouts whiteouts,
      TarReader reader,
      TarDifferConfig limits,
      Runnable checkpoint,
      boolean layer,
      boolean owners) {
    this.layer = layer;
    this.owners = owners;
    this.root = root;
    this.overlay = whiteouts == Whiteouts.OVERLAY;
    this.reader = reader;
    this.maxDepth = limits.maxDepth();
    this.checkpoint = checkpoint;
    this.directories =
        new Directories(root, index, limits.maxDepth(), overlay, this::implicitDirectory);
    this.pruner = new TreePruner(index, this::isOwn, limits.maxDepth(), checkpoint);
    this.times = new DirectoryTimes(limits.maxDirectoryBytes());
  }

  private void implicitDirectory() {
    if (overlay) {
      throw ParentMissing.INSTANCE;
    }
    reader.count();
  }

  /**
   * Applies all entries. False if it stopped because the result needs the parent's files, which are
   * not there.
   */
  boolean extract() throws InterruptedException {
    if (!overlay && isEmpty(root)) {
      index.addClean(directories.root().hash());
    }
    for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
      checkpoint.run();
      directories.release();
      EntryName name = EntryName.clean(entry.name(), maxDepth);
      try {
        apply(owners ? entry : entry.ownedByRoot(), name);
      } catch (ParentMissing e) {
        return false;
      } catch (RuntimeException e) {
        throw Failures.prefixed("entry \"" + name + "\"", e);
      }
    }
    directories.forget();
    directories.release();
    times.apply(root, checkpoint);
    return true;
  }

  private static boolean isEmpty(Fd directory) {
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      return reader.next() == null;
    }
  }

  private void apply(TarEntry entry, EntryName name) throws InterruptedException {
    if (layer && isBookkeeping(name.parent())) {
      return;
    }
    if (layer && startsWith(name.name().bytes(), 0, WHITEOUT)) {
      whiteout(name);
      return;
    }
    if (name.isRoot()) {
      if (layer) {
        root(entry);
      }
      return;
    }
    Directory parent = directories.openOrCreate(name.parent());
    if (parent.depth() >= maxDepth
        || parent.path().length() + name.name().length() >= EntryName.MAX_PATH) {
      throw new InvalidArgumentException("symbolic links lead too deep");
    }
    switch (entry.type()) {
      case FILE -> file(entry, parent, name.name());
      case DIRECTORY -> directory(entry, parent, name.name());
      case SYMLINK -> symlink(entry, parent, name.name());
      case HARD_LINK -> hardLink(entry, parent, name.name());
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> node(entry, parent, name.name());
    }
    own(parent, name.name());
  }

  private void own(Directory parent, RawPath name) {
    if (!overlay && !index.isClean(parent.hash())) {
      index.addOwn(index.child(parent.hash(), name.bytes()));
    }
  }

  /** In a directory that is not clean: whether this layer brought the file. */
  private boolean isOwn(Fd directory, long directoryHash, RawPath name) {
    if (!overlay) {
      return index.isOwn(index.child(directoryHash, name.bytes()));
    }
    FileStat there = find(directory, name);
    return there != null && !Directories.isWhiteout(there);
  }

  private void root(TarEntry entry) {
    if (entry.type() != EntryType.DIRECTORY) {
      throw new InvalidArgumentException("the root is a directory");
    }
    Attributes.setOwner(root, entry);
    Attributes.setModeAndMore(root, entry);
    directories.root().forgetOwner();
    directories.forget();
    times.add(RawPath.EMPTY, entry.modified(), entry.access());
  }

  private void file(TarEntry entry, Directory parent, RawPath name) throws InterruptedException {
    try (Fd fd = createFile(parent, name)) {
      reader.copyBody(entry, fd);
      if (!parent.givesOwner(fd, entry.uid(), entry.gid())) {
        Attributes.setOwner(fd, entry);
      }
      Attributes.setModeAndMore(fd, entry);
      Attributes.setTimes(fd, entry);
    }
  }

  private Fd createFile(Directory parent, RawPath name) {
    try {
      return PathCalls.openat(parent.fd(), name, CREATE, PRIVATE_FILE);
    } catch (ErrnoException e) {
      clear(parent, name, e);
      return PathCalls.openat(parent.fd(), name, CREATE, PRIVATE_FILE);
    }
  }

  private void directory(TarEntry entry, Directory parent, RawPath name) {
    boolean created = true;
    boolean replaced = false;
    try {
      PathCalls.mkdirat(parent.fd(), name, PRIVATE_DIRECTORY);
    } catch (ErrnoException e) {
      FileStat there = existing(parent, name, e);
      created = !there.isDirectory();
      if (created) {
        remove(parent, name, there);
        PathCalls.mkdirat(parent.fd(), name, PRIVATE_DIRECTORY);
        replaced = true;
      }
    }
    if (!created) {
      directories.forget();
    }
    Directory directory = directories.openChild(parent, name);
    boolean parentIsClean = index.isClean(parent.hash());
    if (created && (!overlay || replaced || parentIsClean)) {
      index.addClean(directory.hash());
      if (overlay && !parentIsClean) {
        // What it replaces, a whiteout or a file, had hidden the parent's directory.
        Attributes.setOpaque(directory.fd());
      }
    } else if (!created && !overlay) {
      Attributes.removeInherited(directory.fd(), entry);
    }
    Attributes.setOwner(directory.fd(), entry);
    Attributes.setModeAndMore(directory.fd(), entry);
    times.add(directory.path(), entry.modified(), entry.access());
  }

  private void symlink(TarEntry entry, Directory parent, RawPath name) {
    RawPath target = RawPath.of(entry.link());
    if (target.isEmpty()) {
      throw new InvalidArgumentException("symbolic link without a target");
    }
    try {
      PathCalls.symlinkat(target, parent.fd(), name);
    } catch (ErrnoException e) {
      clear(parent, name, e);
      PathCalls.symlinkat(target, parent.fd(), name);
    }
    Attributes.setByName(parent.fd(), name, entry);
  }

  private void node(TarEntry entry, Directory parent, RawPath name) {
    int type =
        switch (entry.type()) {
          case CHARACTER_DEVICE -> FileStat.CHARACTER_DEVICE;
          case BLOCK_DEVICE -> FileStat.BLOCK_DEVICE;
          default -> FileStat.FIFO;
        };
    int mode = type | PRIVATE_FILE;
    try {
      PathCalls.mknodat(parent.fd(), name, mode, entry.major(), entry.minor());
    } catch (ErrnoException e) {
      clear(parent, name, e);
      PathCalls.mknodat(parent.fd(), name, mode, entry.major(), entry.minor());
    }
    Attributes.setByName(parent.fd(), name, entry);
  }

  /** The inode keeps the attributes of its first entry. */
  private void hardLink(TarEntry entry, Directory parent, RawPath name) {
    EntryName target = EntryName.clean(entry.link(), maxDepth);
    Directory targetParent = directories.open(target.parent());
    FileStat stat = targetParent == null ? null : find(targetParent.fd(), target.name());
    if (targetParent == null || stat == null || overlay && Directories.isWhiteout(stat)) {
      if (overlay) {
        throw ParentMissing.INSTANCE;
      }
      throw new InvalidArgumentException("hard link to \"" + target + "\": not found");
    }
    if (stat.isDirectory()) {
      throw new InvalidArgumentException("hard link to \"" + target + "\": a directory");
    }
    try {
      PathCalls.linkat(targetParent.fd(), target.name(), parent.fd(), name, 0);
    } catch (ErrnoException e) {
      FileStat there = existing(parent, name, e);
      if (!there.isSameFile(stat)) {
        remove(parent, name, there);
        PathCalls.linkat(targetParent.fd(), target.name(), parent.fd(), name, 0);
      }
    }
  }

  private void whiteout(EntryName entry) {
    RawPath name = entry.name();
    if (name.equals(OPAQUE)) {
      opaque(entry.parent());
      return;
    }
    if (startsWith(name.bytes(), 0, META)) {
      return;
    }
    RawPath hidden = RawPath.of(Arrays.copyOfRange(name.bytes(), WHITEOUT.length, name.length()));
    if (!hidden.isName()) {
      throw new InvalidArgumentException("whiteout of nothing");
    }
    Directory parent =
        overlay ? directories.openOrCreate(entry.parent()) : directories.open(entry.parent());
    if (parent != null && !index.isClean(parent.hash())) {
      hide(parent, hidden);
    }
  }

  private void hide(Directory parent, RawPath name) {
    FileStat there = find(parent.fd(), name);
    if (there != null && isOwn(parent.fd(), parent.hash(), name)) {
      if (there.isDirectory()) {
        hideBelow(directories.openChild(parent, name));
      }
    } else if (!overlay && there != null) {
      remove(parent, name, there);
    } else if (overlay && there == null) {
      PathCalls.mknodat(parent.fd(), name, FileStat.CHARACTER_DEVICE, 0, 0);
    }
  }

  private void opaque(RawPath path) {
    Directory directory = overlay ? directories.openOrCreate(path) : directories.open(path);
    if (directory == null) {
      return;
    }
    if (overlay && directory.isRoot()) {
      // Overlayfs does not look for the mark there.
      throw ParentMissing.INSTANCE;
    }
    hideBelow(directory);
  }

  /**
   * Leaves only what this layer brought. In an opaque directory overlayfs would show the names of
   * whiteouts: they go, too.
   */
  private void hideBelow(Directory directory) {
    if (index.isClean(directory.hash())) {
      return;
    }
    if (overlay) {
      Attributes.setOpaque(directory.fd());
    }
    directories.forget();
    pruner.prune(directory);
  }

  /** Makes room for an entry after the kernel refused to create it. */
  private void clear(Directory parent, RawPath name, ErrnoException refusal) {
    remove(parent, name, existing(parent, name, refusal));
  }

  private FileStat existing(Directory parent, RawPath name, ErrnoException refusal) {
    FileStat there = refusal.is(Errno.EEXIST) ? find(parent.fd(), name) : null;
    if (there == null) {
      throw refusal;
    }
    return there;
  }

  private void remove(Directory parent, RawPath name, FileStat there) {
    if (there.isDirectory() || there.isSymlink()) {
      directories.forget();
    }
    pruner.remove(parent.fd(), name);
  }

  private static @Nullable FileStat find(Fd directory, RawPath name) {
    try {
      return PathCalls.statx(directory, name, AtFlags.SYMLINK_NOFOLLOW);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Whether a path goes through the bookkeeping of AUFS ({@code .wh..wh.plnk}), which is nothing.
   *
   * @throws InvalidArgumentException if it goes through any other whiteout
   */
  private static boolean isBookkeeping(RawPath path) {
    byte[] bytes = path.bytes();
    for (int i = 0; i < bytes.length; i++) {
      if ((i == 0 || bytes[i - 1] == '/') && startsWith(bytes, i, WHITEOUT)) {
        if (startsWith(bytes, i, META)) {
          return true;
        }
        throw new InvalidArgumentException("a whiteout is no directory");
      }
    }
    return false;
  }

  private static boolean startsWith(byte[] bytes, int at, byte[] prefix) {
    return bytes.length >= at + prefix.length
        && Arrays.equals(bytes, at, at + prefix.length, prefix, 0, prefix.length);
  }

  @Override
  public void close() {
    directories.close();
  }
}
