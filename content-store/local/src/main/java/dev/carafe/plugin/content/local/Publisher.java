package dev.carafe.plugin.content.local;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.content.Digest;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gives finished files their names as blobs. A blob is not there for anybody, neither to be read
 * nor to be called a duplicate of, before its name is on the medium.
 */
final class Publisher {
  private final ContentLayout layout;
  private final Map<Digest, CompletableFuture<Void>> publishing = new ConcurrentHashMap<>();

  Publisher(ContentLayout layout) {
    this.layout = layout;
  }

  /** The blob's file, or null if there is none. */
  @Nullable FileStat find(Digest digest) {
    if (publishing.containsKey(digest)) {
      return null;
    }
    FileStat found = stat(digest);
    return publishing.containsKey(digest) ? null : found;
  }

  /** Whether the blob's name is not on the medium yet. */
  boolean isPublishing(Digest digest) {
    return publishing.containsKey(digest);
  }

  private @Nullable FileStat stat(Digest digest) {
    try {
      FileStat found = PathCalls.statx(Fd.CWD, path(digest), AtFlags.SYMLINK_NOFOLLOW);
      return found.isRegular() ? found : null;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Moves a file, whose bytes are on the medium, to where blobs are; the name is on the medium when
   * it returns. Of two that publish the same blob one wins, and the other waits until that is done.
   *
   * @return false if the blob was there already
   * @throws ErrnoException with ENOENT if the file is gone
   */
  boolean publish(RawPath file, Digest digest) {
    CompletableFuture<Void> mine = new CompletableFuture<>();
    for (var other = publishing.putIfAbsent(digest, mine);
        other != null;
        other = publishing.putIfAbsent(digest, mine)) {
      other.join();
    }
    try {
      if (stat(digest) != null) {
        return false;
      }
      PathCalls.renameat2(Fd.CWD, file, Fd.CWD, path(digest), 0);
      try {
        syncDirectory(digest.algorithm());
      } catch (ErrnoException e) {
        PathCalls.renameat2(Fd.CWD, path(digest), Fd.CWD, file, 0);
        throw e;
      }
      return true;
    } finally {
      publishing.remove(digest, mine);
      mine.complete(null);
    }
  }

  private void syncDirectory(String algorithm) {
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY;
    try (Fd directory = PathCalls.open(layout.blobs(algorithm), flags, 0)) {
      FileCalls.fsync(directory);
    }
  }

  private RawPath path(Digest digest) {
    return RawPath.of(layout.blob(digest));
  }
}
