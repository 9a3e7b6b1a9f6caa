package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.ResourceExhaustedException;

/** What the kernel refused, as callers of an SPI know it. */
public final class Failures {
  private Failures() {}

  /** A full disk, quota or descriptor table becomes {@link ResourceExhaustedException}. */
  public static RuntimeException of(String what, ErrnoException e) {
    return switch (e.errno()) {
      case Errno.ENOSPC, Errno.EDQUOT ->
          new ResourceExhaustedException(what + ": the disk is full", e);
      case Errno.EMFILE, Errno.ENFILE ->
          new ResourceExhaustedException(what + ": too many open files", e);
      default -> e;
    };
  }
}
