package dev.carafe.host;

import dev.carafe.host.config.DaemonConfig;
import dev.carafe.host.config.RuntimeHandler;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which jars a running daemon takes: those that its next start would take too. */
final class AllowedJars {
  private AllowedJars() {}

  /**
   * The path of a jar that may be loaded.
   *
   * @throws InvalidArgumentException if it is not absolute
   * @throws NotFoundException if there is no such file
   * @throws PermissionDeniedException if it is elsewhere, or not root's alone
   */
  static Path check(DaemonConfig config, Path jar) {
    if (!jar.isAbsolute()) {
      throw new InvalidArgumentException("\"" + jar + "\" is not an absolute path");
    }
    Path path = jar.normalize();
    if (!Files.exists(path)) {
      throw new NotFoundException("\"" + path + "\": there is no such file");
    }
    boolean named =
        config.runtimes().values().stream()
            .map(RuntimeHandler::jar)
            .anyMatch(handler -> !handler.isEmpty() && Path.of(handler).equals(path));
    boolean inside =
        path.toString().endsWith(".jar") && config.pluginDirs().contains(path.getParent());
    if (!named && !inside) {
      throw new PermissionDeniedException(
          "\""
              + path
              + "\" is no jar in one of plugin_dirs, which are "
              + config.pluginDirs()
              + ", and no runtime names it");
    }
    try {
      String objection =
          Files.isSymbolicLink(path) ? "is a symbolic link" : JarTrust.objection(path.toRealPath());
      if (objection != null) {
        throw new PermissionDeniedException("\"" + path + "\" " + objection);
      }
    } catch (IOException e) {
      throw new FailedPreconditionException("\"" + path + "\": " + Failures.describe(e), e);
    }
    return path;
  }
}
