package dev.carafe.linux;

import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.List;

/**
 * Mounts that the whole mount namespace sees and that outlive the process. For a short look into a
 * snapshot take {@link DetachedMount}, which leaves nothing behind.
 *
 * <p>Options are those of mount(8): {@code ro rw bind rbind nosuid nodev noexec noatime relatime
 * private rprivate rslave ...}; {@code rro} makes a whole tree read-only; {@code uidmap=} and
 * {@code gidmap=} ({@link IdMapping#parse}) show other ids; {@code x-...} is skipped; the rest is
 * handed to the file system. An overlay may have more layers than fit into a page.
 */
public interface Mounter {
  /** Mounts in the caller's namespace. */
  static Mounter kernel() {
    return KernelMounter.instance();
  }

  /**
   * Mounts all, in order, at {@code target}, or at their own target below it, which is resolved
   * inside {@code target}. If one fails, those before it are unmounted again.
   *
   * @throws ErrnoException whatever the kernel says, its explanation included where it gives one
   * @throws IllegalArgumentException if a bind mount has options that only a file system
   *     understands
   */
  void mount(List<Mount> mounts, Path target);

  /**
   * Unmounts everything at {@code target} and below it, children first, without touching mounts
   * elsewhere that share propagation with those. Nothing happens if nothing is mounted there.
   *
   * @throws ErrnoException with EBUSY while a process uses one of them; what was unmounted before
   *     stays so
   */
  void unmountAll(Path target);

  /**
   * Unmounts what is mounted at {@code target}, as long as nothing is mounted on that and nobody
   * uses it. Mounts below a directory that is none itself are not looked for: this is for places
   * that are known, and costs no look at the table of all mounts.
   *
   * @return whether nothing is mounted at {@code target} any more
   */
  boolean unmountAt(Path target);

  /**
   * As {@link #unmountAll}, but what is in use goes out of sight now and ends with its last user.
   */
  void detachAll(Path target);
}
