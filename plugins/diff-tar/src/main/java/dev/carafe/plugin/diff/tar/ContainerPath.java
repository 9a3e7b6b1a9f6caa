package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;

/**
 * A path inside a container, as {@code cp} understands it.
 *
 * @param parent what the last component is in; empty for the root
 * @param name the last component; empty for the root itself
 * @param followed whether a link at the end is followed: the path ends like a directory's
 */
record ContainerPath(String parent, String name, boolean followed) {
  private static final int LIMIT = 4095;

  static ContainerPath of(String text) {
    if (text.isEmpty() || text.length() > LIMIT || text.indexOf(0) >= 0) {
      throw new InvalidArgumentException("path in the container is empty, too long or not a path");
    }
    List<String> parts = new ArrayList<>();
    for (String part : text.split("/")) {
      switch (part) {
        case "", "." -> {}
        case ".." -> {
          if (!parts.isEmpty()) {
            parts.removeLast();
          }
        }
        default -> parts.add(part);
      }
    }
    boolean likeDirectory =
        parts.isEmpty() || text.endsWith("/") || text.endsWith("/.") || text.endsWith("/..");
    String name = parts.isEmpty() ? "" : parts.removeLast();
    return new ContainerPath(String.join("/", parts), name, likeDirectory);
  }

  /** Relative to the root; empty for the root itself. */
  String path() {
    return parent.isEmpty() ? name : parent + "/" + name;
  }

  String shown() {
    return "/" + path().replaceAll("\\p{Cntrl}", "?");
  }
}
