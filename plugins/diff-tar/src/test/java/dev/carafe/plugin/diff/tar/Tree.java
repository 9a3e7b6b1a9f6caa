package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.DirectoryReader.Entry;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.content.Digest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** A directory written down, so that two can be compared and a difference can be read. */
final class Tree {
  private final Map<String, String> lines = new TreeMap<>();
  private final Map<String, String> inodes = new HashMap<>();
  private final boolean times;

  private Tree(boolean times) {
    this.times = times;
  }

  /** Path to type, mode, owner, times, attributes, contents and the first name of its inode. */
  static Map<String, String> of(Path directory) {
    return of(directory, true);
  }

  static Map<String, String> withoutTimes(Path directory) {
    return of(directory, false);
  }

  private static Map<String, String> of(Path directory, boolean times) {
    var tree = new Tree(times);
    try (Fd root = PathCalls.open(directory, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0)) {
      tree.directory("", root);
    }
    return tree.lines;
  }

  static Map<String, String> of(Fd root, boolean times) {
    var tree = new Tree(times);
    tree.directory("", root);
    return tree.lines;
  }

  private void directory(String path, Fd directory) {
    var names = new TreeSet<RawPath>();
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        names.add(entry.name());
      }
    }
    for (RawPath name : names) {
      String full = path + "/" + EntryName.show(name.bytes());
      FileStat stat;
      try {
        stat = PathCalls.statx(directory, name, AtFlags.SYMLINK_NOFOLLOW);
      } catch (ErrnoException e) {
        // Overlayfs lists the whiteouts of directories that have nothing below them.
        assertEquals(Errno.ENOENT, e.errno());
        continue;
      }
      String line = line(directory, name, stat);
      if (!stat.isDirectory() && stat.nlink() > 1) {
        String inode = stat.devMajor() + ":" + stat.devMinor() + ":" + stat.ino();
        line += " first=" + inodes.computeIfAbsent(inode, _ -> full);
      }
      lines.put(full, line);
      if (stat.isDirectory()) {
        try (Fd child =
            PathCalls.openat(
                directory, name, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW, 0)) {
          directory(full, child);
        }
      }
    }
  }

  private String line(Fd directory, RawPath name, FileStat stat) {
    var line = new StringBuilder();
    line.append(String.format("%06o %d:%d", stat.mode(), stat.uid(), stat.gid()));
    if (times) {
      line.append(String.format(" %d.%09d", stat.mtimeSeconds(), stat.mtimeNanos()));
    }
    if (stat.isSymlink()) {
      line.append(" -> ").append(PathCalls.readlinkat(directory, name));
    } else if (stat.isRegular()) {
      line.append(' ').append(stat.size()).append(' ').append(hash(directory, name));
    } else if (!stat.isDirectory()) {
      line.append(" dev ").append(stat.rdevMajor()).append(':').append(stat.rdevMinor());
    }
    RawPath path = RawPath.under(directory, name);
    for (String key : new TreeSet<>(XattrCalls.list(path))) {
      if (!key.equals("security.selinux") && !key.startsWith("trusted.overlay.")) {
        byte[] value = XattrCalls.get(path, key).orElseThrow();
        line.append(' ').append(key).append('=').append(HexFormat.of().formatHex(value));
      }
    }
    return line.toString();
  }

  private static String hash(Fd directory, RawPath name) {
    MessageDigest sha256 = Digest.hasher("sha256");
    ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    try (Fd file = PathCalls.openat(directory, name, OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0)) {
      while (FileIo.readFully(file, buffer.clear()) > 0) {
        sha256.update(buffer.flip());
      }
    }
    return HexFormat.of().formatHex(sha256.digest()).substring(0, 16);
  }
}
