package dev.carafe.spi.mounts;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.nio.file.Path;
import java.util.List;

/**
 * Root file systems for runtimes that have no process to mount them in: the daemon mounts them
 * where all can see them, and opens what is inside. Required by {@code
 * PluginTypes.ROOT_FILE_SYSTEMS}.
 *
 * <p>The tree is hostile. The daemon guarantees: whatever its links say, and whatever changes
 * meanwhile, nothing outside of {@code root} is reached.
 */
@Deadline(30)
public interface RootFileSystems {
  /**
   * Performs mounts at {@code root}, or at their own target below it, in order. Places that are
   * missing are made: directories, or a file where a file is bound. If one mount fails, those
   * before it are undone.
   *
   * @param root an empty directory of the caller's
   * @param readOnly whether nothing can be written to the root's own file system afterwards; what
   *     is mounted below it stays as its options say
   * @throws FailedPreconditionException with what the kernel says
   */
  void mount(Path root, List<Mount> mounts, boolean readOnly);

  /** Ends all mounts at {@code root} and below it. Idempotent. */
  void unmount(Path root);

  /**
   * Finds what a path means inside of {@code root}, as if that were the root of all files.
   *
   * @param path with or without a leading slash
   * @param follow whether the last component may be a link that is followed; else the link itself
   *     is found
   * @throws NotFoundException if nothing is there, or a link turns in circles
   * @throws FailedPreconditionException if the kernel says anything else
   */
  @Direct
  Found find(Path root, String path, boolean follow);

  /** A file, directory or link that was found; it stays the same one until it is closed. */
  interface Found extends AutoCloseable {
    /**
     * Leads to what was found and nowhere else, for this process only. For a directory, names below
     * it are looked up in that directory; whoever opens one has to refuse links ({@code
     * NOFOLLOW_LINKS}).
     */
    Path path();

    @Override
    void close();
  }
}
