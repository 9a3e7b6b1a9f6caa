package dev.carafe.host;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Makes the daemon's directories with the modes they need, also where they exist already. */
final class PrivateDirectories {
  private PrivateDirectories() {}

  /** A directory that only the daemon may enter (0700). Its parent must exist. */
  static Path create(Path directory) {
    return create(directory, "rwx------");
  }

  /** A directory in which others may reach what they know the name of (0711), with its parents. */
  static Path createSearchable(Path directory) {
    createParents(directory);
    return create(directory, "rwx--x--x");
  }

  /** As {@link #create}, with its parents. */
  static Path createWithParents(Path directory) {
    createParents(directory);
    return create(directory);
  }

  private static void createParents(Path directory) {
    try {
      Path parent = directory.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
    } catch (IOException e) {
      throw new FailedPreconditionException("directory \"" + directory + "\": " + e, e);
    }
  }

  private static Path create(Path directory, String mode) {
    Set<PosixFilePermission> permissions = PosixFilePermissions.fromString(mode);
    try {
      try {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(permissions));
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
          throw new FailedPreconditionException("\"" + directory + "\" is not a directory", e);
        }
      }
      if (!Files.getPosixFilePermissions(directory).equals(permissions)) {
        Files.setPosixFilePermissions(directory, permissions);
      }
      return directory;
    } catch (IOException e) {
      throw new FailedPreconditionException("directory \"" + directory + "\": " + e, e);
    }
  }
}
