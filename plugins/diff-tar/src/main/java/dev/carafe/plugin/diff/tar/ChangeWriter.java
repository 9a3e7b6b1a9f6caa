package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what changed into entries (OCI image specification, "Change Types"). */
final class ChangeWriter {
  private static final byte[] WHITEOUT = ".wh.".getBytes(StandardCharsets.US_ASCII);
  private static final RawPath OPAQUE = RawPath.of(".wh..wh..opq");
  private static final int WHITEOUT_MODE = 0;
  private static final int ROOT_MODE = 0755;
  private static final byte[] NO_LINK = {};

  private final boolean layer;
  private final TarWriter tar;
  private final LinkGroups links;
  private final @Nullable TarTime newest;
  private final TarTime whiteoutTime;

  ChangeWriter(TarWriter tar, LinkGroups links, @Nullable Instant sourceDateEpoch) {
    this(tar, links, sourceDateEpoch, true);
  }

  /**
   * @param layer whether names that layers reserve are refused
   */
  ChangeWriter(TarWriter tar, LinkGroups links, @Nullable Instant sourceDateEpoch, boolean layer) {
    this.layer = layer;
    this.tar = tar;
    this.links = links;
    this.newest =
        sourceDateEpoch == null
            ? null
            : new TarTime(sourceDateEpoch.getEpochSecond(), sourceDateEpoch.getNano());
    this.whiteoutTime = newest == null ? TarTime.EPOCH : newest;
  }

  /**
   * The root, if its owner, mode or extended attributes changed, or are not those of a new
   * snapshot. Its times change whenever somebody mounts something in it.
   */
  void root(@Nullable Fd lower, Fd upper) throws InterruptedException {
    TreeFile now = TreeFile.of(upper, RawPath.DOT);
    boolean plain =
        lower == null
            ? now.stat().permissions() == ROOT_MODE
                && now.stat().uid() == 0
                && now.stat().gid() == 0
                && now.xattrs().isEmpty()
            : !FileComparison.attributesDiffer(TreeFile.of(lower, RawPath.DOT), now);
    if (!plain) {
      write(RawPath.DOT.bytes(), EntryType.DIRECTORY, now);
    }
  }

  /** A file, directory or anything else that is new or not as it was. */
  void changed(RawPath path, TreeFile file) throws InterruptedException {
    EntryType type = file.type();
    if (type == null) {
      return;
    }
    if (layer) {
      checkName(path, file.name());
    }
    byte[] name = path.bytes();
    boolean grouped = type != EntryType.DIRECTORY && file.stat().nlink() > 1;
    byte[] source = grouped ? links.source(LinkGroups.Inode.of(file)) : null;
    if (source != null) {
      link(name, source, file);
      return;
    }
    write(name, type, file);
    if (grouped) {
      for (byte[] before : links.write(LinkGroups.Inode.of(file), name)) {
        link(before, name, file);
      }
    }
  }

  /** A file that is as it was; it comes along if it shares its inode with one that is not. */
  void unchanged(RawPath path, TreeFile file) throws InterruptedException {
    if (file.stat().nlink() <= 1) {
      return;
    }
    LinkGroups.Inode inode = LinkGroups.Inode.of(file);
    byte[] source = links.source(inode);
    if (source != null) {
      link(path.bytes(), source, file);
    } else {
      links.skip(inode, path.bytes());
    }
  }

  /** A name that is gone. */
  void deleted(RawPath directory, RawPath name) throws InterruptedException {
    byte[] bytes = name.bytes();
    byte[] hidden = Arrays.copyOf(WHITEOUT, WHITEOUT.length + bytes.length);
    System.arraycopy(bytes, 0, hidden, WHITEOUT.length, bytes.length);
    whiteout(directory.resolve(RawPath.of(hidden)));
  }

  /** A directory of which nothing shines through. */
  void opaque(RawPath directory) throws InterruptedException {
    whiteout(directory.resolve(OPAQUE));
  }

  private void whiteout(RawPath path) throws InterruptedException {
    tar.header(
        new TarEntry(
            EntryType.FILE,
            path.bytes(),
            NO_LINK,
            0,
            null,
            WHITEOUT_MODE,
            0,
            0,
            whiteoutTime,
            whiteoutTime,
            0,
            0,
            Map.of()));
  }

  private void write(byte[] name, EntryType type, TreeFile file) throws InterruptedException {
    FileStat stat = file.stat();
    if (type != EntryType.FILE) {
      byte[] link = type == EntryType.SYMLINK ? file.linkTarget().bytes() : NO_LINK;
      tar.header(entry(type, name, link, 0, file));
      return;
    }
    try (Fd fd = file.open()) {
      tar.header(entry(type, name, NO_LINK, stat.size(), file));
      tar.body(fd, stat.size());
    } catch (FailedPreconditionException e) {
      throw Failures.prefixed("\"" + EntryName.show(name) + "\"", e);
    }
  }

  private void link(byte[] name, byte[] target, TreeFile file) throws InterruptedException {
    tar.header(entry(EntryType.HARD_LINK, name, target, 0, file));
  }

  private TarEntry entry(EntryType type, byte[] name, byte[] link, long size, TreeFile file) {
    FileStat stat = file.stat();
    TarTime modified = file.modified();
    if (newest != null && modified.compareTo(newest) > 0) {
      modified = newest;
    }
    byte[] full = name;
    if (type == EntryType.DIRECTORY) {
      full = Arrays.copyOf(name, name.length + 1);
      full[name.length] = '/';
    }
    return new TarEntry(
        type,
        full,
        link,
        size,
        null,
        stat.permissions(),
        stat.uid(),
        stat.gid(),
        modified,
        modified,
        stat.rdevMajor(),
        stat.rdevMinor(),
        type == EntryType.HARD_LINK ? Map.of() : file.xattrs());
  }

  private static void checkName(RawPath path, RawPath name) {
    byte[] bytes = name.bytes();
    if (bytes.length >= WHITEOUT.length
        && Arrays.equals(bytes, 0, WHITEOUT.length, WHITEOUT, 0, WHITEOUT.length)) {
      throw new FailedPreconditionException(
          "\"" + EntryName.show(path.bytes()) + "\": layers reserve names that begin with .wh.");
    }
  }
}
