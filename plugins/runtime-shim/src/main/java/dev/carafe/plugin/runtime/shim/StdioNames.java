package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.Stdio;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Refuses names of inputs and outputs that a shim would wait for in vain or take for relative ones.
 */
final class StdioNames {
  private static final Set<String> SCHEMES =
      Set.of("fifo", "file", "binary", "binary-v2", "ttrpc+unix", "grpc+unix", "streaming");

  private StdioNames() {}

  /**
   * Checks them. Where only one of the outputs is wanted the other becomes {@code /dev/null}: shims
   * take either both or none.
   *
   * @throws InvalidArgumentException if one is neither an absolute path nor a known kind of URI
   * @throws NotFoundException if a path does not exist
   */
  static Stdio checked(Stdio stdio) {
    check("stdin", stdio.stdin());
    check("stdout", stdio.stdout());
    check("stderr", stdio.stderr());
    boolean none = stdio.stdin().isEmpty() && stdio.stdout().isEmpty() && stdio.stderr().isEmpty();
    if (stdio.terminal() || none) {
      return stdio;
    }
    return new Stdio(stdio.stdin(), orNull(stdio.stdout()), orNull(stdio.stderr()), false);
  }

  private static String orNull(String name) {
    return name.isEmpty() ? "/dev/null" : name;
  }

  private static void check(String stream, String name) {
    if (name.isEmpty()) {
      return;
    }
    int colon = name.indexOf("://");
    if (name.startsWith("/") || colon < 0) {
      checkPath(stream, name);
      return;
    }
    String scheme = name.substring(0, colon);
    if (!SCHEMES.contains(scheme)) {
      throw new InvalidArgumentException(stream + " \"" + name + "\": unknown scheme");
    }
    String path;
    try {
      path = new URI(name).getPath();
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException(stream + " \"" + name + "\": " + e.getMessage(), e);
    }
    if (path == null || !path.startsWith("/") || path.equals("/")) {
      throw new InvalidArgumentException(stream + " \"" + name + "\": path is not absolute");
    }
    if (scheme.equals("fifo")) {
      checkPath(stream, path);
    }
  }

  private static void checkPath(String stream, String name) {
    if (!name.startsWith("/") || name.indexOf('\0') >= 0) {
      throw new InvalidArgumentException(stream + " \"" + name + "\": path is not absolute");
    }
    if (!Files.exists(Path.of(name))) {
      throw new NotFoundException(stream + " \"" + name + "\": no such file or directory");
    }
  }
}
