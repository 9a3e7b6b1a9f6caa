package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.ProcessStat;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.files.ContainerFiles;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/** Copies to and from trees: paths are resolved by the kernel inside the root, once. */
final class TarFiles implements ContainerFiles {
  private static final int DIRECTORY = OpenFlags.RDONLY | OpenFlags.DIRECTORY;
  private static final long INSIDE = ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS;

  private final LayerApplier applier;
  private final TreeArchive archives;

  TarFiles(TarDifferConfig config, ZstdLibrary zstd) {
    var buffers = new BufferPool(config.bufferBytes(), config.buffers() / 2);
    this.applier = new LayerApplier(config, buffers, zstd);
    this.archives = new TreeArchive(config, buffers);
  }

  @Override
  public Root.OfProcess process(long pid) {
    return ProcessStat.of(pid)
        .map(stat -> new Root.OfProcess(pid, stat.startTime()))
        .orElseThrow(() -> new NotFoundException("process " + pid + " is gone"));
  }

  @Override
  public void read(Root root, String path, boolean alone, OutputStream archive) {
    ContainerPath wanted = ContainerPath.of(path);
    try (Fd mount = open(root);
        Fd directory = inside(mount, wanted.followed() ? wanted.path() : wanted.parent())) {
      archives.write(directory, wanted, alone, archive);
    } catch (RuntimeException e) {
      throw failure("copy from \"" + wanted.shown() + "\"", e);
    }
  }

  @Override
  public void write(Root root, String path, boolean preserveOwnership, InputStream archive) {
    ContainerPath wanted = ContainerPath.of(path);
    try (Fd mount = open(root);
        Fd directory = inside(mount, wanted.path())) {
      applier.extract(directory, preserveOwnership, archive);
    } catch (RuntimeException e) {
      throw failure("copy to \"" + wanted.shown() + "\"", e);
    }
  }

  private static RuntimeException failure(String what, RuntimeException e) {
    return e instanceof NotFoundException
        ? new NotFoundException(what + ": " + e.getMessage(), e)
        : Failures.prefixed(what, e);
  }

  private static Fd open(Root root) {
    return switch (root) {
      case Root.Mounted mounted -> TarDiffer.open(mounted.mounts());
      case Root.OfProcess process -> ofProcess(process);
    };
  }

  /** Alive before and after it was opened, it was that process's all the time in between. */
  private static Fd ofProcess(Root.OfProcess process) {
    requireAlive(process);
    Fd root;
    try {
      root = PathCalls.open(Path.of("/proc/" + process.pid() + "/root"), DIRECTORY, 0);
    } catch (ErrnoException e) {
      throw new NotFoundException("process " + process.pid() + " has no root: gone?", e);
    }
    boolean alive = false;
    try {
      requireAlive(process);
      alive = true;
      return root;
    } finally {
      if (!alive) {
        root.close();
      }
    }
  }

  private static void requireAlive(Root.OfProcess process) {
    boolean alive =
        ProcessStat.of(process.pid())
            .filter(stat -> stat.startTime() == process.startTime() && !stat.isZombie())
            .isPresent();
    if (!alive) {
      throw new NotFoundException("process " + process.pid() + " is gone");
    }
  }

  private static Fd inside(Fd root, String path) {
    try {
      return PathCalls.openat2(
          root, path.isEmpty() ? RawPath.DOT : RawPath.of(path), DIRECTORY, 0, INSIDE);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        throw new NotFoundException("not found", e);
      }
      if (e.is(Errno.ENOTDIR)) {
        throw new InvalidArgumentException("not a directory, or below something that is none", e);
      }
      if (e.is(Errno.ELOOP)) {
        throw new InvalidArgumentException(
            "links that lead in a circle, or out of the container by /proc", e);
      }
      throw e;
    }
  }
}
