package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Finds the program of a runtime: {@code io.containerd.runc.v2} is {@code containerd-shim-runc-v2},
 * in the configured directories first and then on the PATH; an absolute path is itself.
 */
final class ShimBinaries {
  /** The runtime where nothing is said. */
  static final String DEFAULT = "io.containerd.runc.v2";

  /** What programs get as PATH where the daemon has none. */
  static final String PATH =
      Objects.requireNonNullElse(
          System.getenv("PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");

  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  private final List<Path> directories;

  ShimBinaries(List<Path> configured) {
    List<Path> all = new ArrayList<>(configured);
    for (String directory : PATH.split(":")) {
      if (directory.startsWith("/")) {
        all.add(Path.of(directory));
      }
    }
    this.directories = List.copyOf(all);
  }

  /**
   * The program's path.
   *
   * @throws InvalidArgumentException if that can be no runtime's name
   * @throws NotFoundException if it is not installed
   */
  Path find(String runtime) {
    if (runtime.startsWith("/")) {
      return program(Path.of(runtime))
          .orElseThrow(() ->
              new NotFoundException("runtime \"" + runtime + "\": no such file or not executable"));
    }
    String name = fileName(runtime);
    return directories.stream()
        .flatMap(directory -> program(directory.resolve(name)).stream())
        .findFirst()
        .orElseThrow(() ->
            new NotFoundException(
                "runtime \""
                    + runtime
                    + "\": "
                    + name
                    + " is neither in "
                    + directories.stream().map(Path::toString).toList()));
  }

  boolean has(String runtime) {
    try {
      find(runtime);
      return true;
    } catch (NotFoundException | InvalidArgumentException _) {
      return false;
    }
  }

  private static String fileName(String runtime) {
    String[] parts = runtime.split("\\.", -1);
    if (parts.length < 3
        || parts[0].isEmpty()
        || !PART.matcher(parts[parts.length - 2]).matches()
        || !PART.matcher(parts[parts.length - 1]).matches()) {
      throw new InvalidArgumentException(
          "runtime \"" + runtime + "\": must be PREFIX.NAME.VERSION or an absolute path");
    }
    return "containerd-shim-" + parts[parts.length - 2] + "-" + parts[parts.length - 1];
  }

  private static Optional<Path> program(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path)
        ? Optional.of(path)
        : Optional.empty();
  }
}
