package dev.carafe.plugin.content.local;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.ResourceExhaustedException;

/** What the kernel refused, as callers of the store know it. */
final class Failures {
  private Failures() {}

  static RuntimeException of(String what, ErrnoException e) {
    return switch (e.errno()) {
      case Errno.ENOSPC, Errno.EDQUOT ->
          new ResourceExhaustedException(what + ": the disk is full", e);
      case Errno.EMFILE, Errno.ENFILE ->
          new ResourceExhaustedException(what + ": too many open files", e);
      default -> e;
    };
  }
}
