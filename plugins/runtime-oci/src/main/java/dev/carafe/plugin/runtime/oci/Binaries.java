package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Finds programs as a shell does. */
final class Binaries {
  /** What programs get as PATH where the daemon has none. */
  static final String PATH =
      Objects.requireNonNullElse(
          System.getenv("PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");

  private Binaries() {}

  /**
   * The absolute path of a program.
   *
   * @param name a path, or a name on the PATH
   * @param what for the message
   * @throws FailedPreconditionException if there is none
   */
  static Path find(String name, String what) {
    if (name.contains("/")) {
      Path path = Path.of(name);
      if (!path.isAbsolute()) {
        throw new FailedPreconditionException(what + " \"" + name + "\": path is not absolute");
      }
      if (!isProgram(path)) {
        throw new FailedPreconditionException(
            what + ": exec: \"" + name + "\": no such file or not executable");
      }
      return path;
    }
    for (String directory : PATH.split(":")) {
      Path path = Path.of(directory).resolve(name);
      if (path.isAbsolute() && isProgram(path)) {
        return path;
      }
    }
    throw new FailedPreconditionException(
        what + ": exec: \"" + name + "\": executable file not found in $PATH");
  }

  private static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }
}
