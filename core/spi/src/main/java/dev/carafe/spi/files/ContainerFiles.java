package dev.carafe.spi.files;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.plugins.Deadline;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * Copies files of a container's tree as tar archives. The tree is hostile, and so is an archive:
 * every path is resolved inside the tree's root, links included, and nothing outside is read or
 * written, whatever changes meanwhile.
 *
 * <p>The daemon guarantees: it closes the streams. You guarantee: many calls at once; nothing of a
 * mount is left behind a call.
 */
public interface ContainerFiles {
  /** Where a container's tree is. */
  sealed interface Root {
    /**
     * What a process sees as its root.
     *
     * @param startTime tells it from a later one of the number: see {@link #process}
     */
    record OfProcess(long pid, long startTime) implements Root {}

    /** What these mounts show; nobody else sees them. */
    record Mounted(List<Mount> mounts) implements Root {
      public Mounted {
        mounts = List.copyOf(mounts);
      }
    }
  }

  /**
   * The process that has this number now. Of another one that comes to have it later, nothing is
   * read or written.
   *
   * @throws NotFoundException if there is none
   */
  @Deadline(5)
  Root.OfProcess process(long pid);

  /**
   * Writes what is at {@code path}: names in the archive begin with the path's last component.
   * Closes nothing.
   *
   * @param alone whether a directory's entry is written without what is below it
   * @throws NotFoundException if nothing is there
   */
  @Deadline(Deadline.UNBOUNDED)
  void read(Root root, String path, boolean alone, OutputStream archive);

  /**
   * Makes files as an archive says, below the directory at {@code path}.
   *
   * @param preserveOwnership whether they belong to whom the archive names, else to root
   * @throws NotFoundException if there is no such directory
   * @throws InvalidArgumentException if {@code path} is no directory, or an entry cannot be right
   */
  @Deadline(Deadline.UNBOUNDED)
  void write(Root root, String path, boolean preserveOwnership, InputStream archive);
}
