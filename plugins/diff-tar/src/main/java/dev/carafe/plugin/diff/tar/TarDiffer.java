package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/** The differ that walks: tar archives, files by descriptors, nothing mounted that others see. */
final class TarDiffer implements Differ {
  private final LayerApplier applier;
  private final LayerMaker maker;

  /**
   * @param scratch an existing private directory
   */
  TarDiffer(TarDifferConfig config, Path scratch) {
    var buffers = new BufferPool(config.bufferBytes(), config.buffers() / 2);
    var zstd = new ZstdLibrary(scratch);
    applier = new LayerApplier(config, buffers, zstd);
    maker = new LayerMaker(config, buffers, zstd);
  }

  @Override
  public AppliedLayer apply(ApplyRequest request, InputStream archive) {
    if (request.mounts().isEmpty()) {
      throw new InvalidArgumentException(
          "layer " + request.layer().digest() + ": no mounts to apply it to");
    }
    try (Fd mount = open(request.mounts());
        Fd root = directory(mount)) {
      return applier.apply(request, root, archive);
    }
  }

  @Override
  public Digest diff(DiffRequest request, OutputStream archive) {
    return maker.diff(request, archive);
  }

  static Fd open(List<Mount> mounts) {
    try {
      return DetachedMount.open(mounts);
    } catch (ErrnoException e) {
      throw Failures.of("mounts " + mounts, e);
    }
  }

  /** A readable descriptor of the directory that {@code mount} only names. */
  static Fd directory(Fd mount) {
    try {
      return PathCalls.openat(
          mount, RawPath.DOT, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW, 0);
    } catch (ErrnoException e) {
      throw Failures.of("root of the mounts", e);
    }
  }
}
