package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Times of directories, which every file that is made inside changes: kept until the end, then set.
 * In archive order a path shares most of itself with the one before, so only the rest is kept.
 */
final class DirectoryTimes {
  private static final int TIMES = 2 * (Long.BYTES + Integer.BYTES);
  private static final int HEAD = 2 * Short.BYTES;

  private final int limit;
  private ByteBuffer log = ByteBuffer.allocate(4096);
  private byte[] previous = {};

  DirectoryTimes(int limit) {
    this.limit = limit;
  }

  /** Notes the times that the directory at {@code path}, free of symbolic links, shall have. */
  void add(RawPath path, TarTime modified, TarTime access) {
    byte[] bytes = path.bytes();
    int shared = Arrays.mismatch(previous, bytes);
    if (shared < 0) {
      shared = bytes.length;
    }
    reserve(HEAD + bytes.length - shared + TIMES);
    log.putShort((short) shared).putShort((short) (bytes.length - shared));
    log.put(bytes, shared, bytes.length - shared);
    log.putLong(modified.seconds()).putInt(modified.nanos());
    log.putLong(access.seconds()).putInt(access.nanos());
    previous = bytes;
  }

  private void reserve(int bytes) {
    if (log.remaining() >= bytes) {
      return;
    }
    if (log.position() + bytes > limit) {
      throw new ResourceExhaustedException(
          "the times of all directories take more than " + limit + " bytes");
    }
    int size = (int) Math.min(limit, Math.max(log.capacity() * 2L, log.position() + bytes));
    log = ByteBuffer.allocate(size).put(log.flip());
  }

  /** Sets them all; passes over directories that are gone. */
  void apply(Fd root, Runnable checkpoint) {
    log.flip();
    byte[] path = {};
    while (log.hasRemaining()) {
      int shared = log.getShort();
      int rest = log.getShort();
      path = Arrays.copyOf(path, shared + rest);
      log.get(path, shared, rest);
      var modified = new TarTime(log.getLong(), log.getInt());
      var access = new TarTime(log.getLong(), log.getInt());
      set(root, path.length == 0 ? RawPath.DOT : RawPath.of(path), modified, access);
      checkpoint.run();
    }
  }

  private static void set(Fd root, RawPath path, TarTime modified, TarTime access) {
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
    long resolve = ResolveFlags.BENEATH | ResolveFlags.NO_SYMLINKS;
    try (Fd directory = PathCalls.openat2(root, path, flags, 0, resolve)) {
      FileCalls.futimens(
          directory, access.seconds(), access.nanos(), modified.seconds(), modified.nanos());
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR) && !e.is(Errno.ELOOP)) {
        throw e;
      }
    }
  }
}
