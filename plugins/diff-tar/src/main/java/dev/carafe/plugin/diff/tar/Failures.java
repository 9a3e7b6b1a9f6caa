package dev.carafe.plugin.diff.tar;

import static dev.carafe.linux.Errno.EACCES;
import static dev.carafe.linux.Errno.EBUSY;
import static dev.carafe.linux.Errno.EDQUOT;
import static dev.carafe.linux.Errno.EFBIG;
import static dev.carafe.linux.Errno.EINVAL;
import static dev.carafe.linux.Errno.EIO;
import static dev.carafe.linux.Errno.EISDIR;
import static dev.carafe.linux.Errno.ELOOP;
import static dev.carafe.linux.Errno.EMFILE;
import static dev.carafe.linux.Errno.EMLINK;
import static dev.carafe.linux.Errno.ENAMETOOLONG;
import static dev.carafe.linux.Errno.ENFILE;
import static dev.carafe.linux.Errno.ENOENT;
import static dev.carafe.linux.Errno.ENOMEM;
import static dev.carafe.linux.Errno.ENOSPC;
import static dev.carafe.linux.Errno.ENOTDIR;
import static dev.carafe.linux.Errno.EOVERFLOW;
import static dev.carafe.linux.Errno.EPERM;
import static dev.carafe.linux.Errno.EROFS;
import static dev.carafe.linux.Errno.EUCLEAN;
import static dev.carafe.linux.Errno.EXDEV;

import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;

/** What a kernel call's refusal means to whoever asked for a layer. */
final class Failures {
  private Failures() {}

  /** The failure that says {@code what} and the kernel's reason. */
  static DaemonException of(String what, ErrnoException e) {
    String message = what + ": " + e.getMessage();
    return switch (e.errno()) {
      case ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM, EMLINK ->
          new ResourceExhaustedException(message, e);
      case EPERM, EACCES -> new PermissionDeniedException(message, e);
      case EIO, EUCLEAN -> new DataLossException(message, e);
      case EINVAL, ENAMETOOLONG, ELOOP, ENOTDIR, EISDIR, ENOENT, EOVERFLOW ->
          new InvalidArgumentException(message, e);
      case EROFS, EBUSY, EXDEV -> new FailedPreconditionException(message, e);
      default -> new UnavailableException(message, e);
    };
  }

  /**
   * The same failure, {@code what} said in front; for what is no failure with a meaning, itself.
   */
  static RuntimeException prefixed(String what, RuntimeException e) {
    String message = what + ": " + e.getMessage();
    return switch (e) {
      case ErrnoException errno -> of(what, errno);
      case InvalidArgumentException _ -> new InvalidArgumentException(message, e);
      case ResourceExhaustedException _ -> new ResourceExhaustedException(message, e);
      case FailedPreconditionException _ -> new FailedPreconditionException(message, e);
      case PermissionDeniedException _ -> new PermissionDeniedException(message, e);
      case DataLossException _ -> new DataLossException(message, e);
      case UnavailableException _ -> new UnavailableException(message, e);
      case CancelledException _ -> new CancelledException(message, e);
      default -> e;
    };
  }
}
