package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is in an archive by its name; links are followed, inside the archive. */
final class Names<T> {
  private static final int LINKS_LIMIT = 32;
  private static final long CHARS_LIMIT = 64 << 20;

  private final Map<String, T> files = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();
  private long chars;

  /** What was under that name before. */
  @Nullable T file(String name, T what) {
    count(name);
    links.remove(name);
    return files.put(name, what);
  }

  void link(String name, String target) {
    count(name);
    count(target);
    links.put(name, target);
  }

  /** Names are kept in memory, and an archive may have many long ones. */
  private void count(String name) {
    chars += name.length();
    if (chars > CHARS_LIMIT) {
      throw new ResourceExhaustedException(
          "image archive: names of more than " + CHARS_LIMIT + " characters");
    }
  }

  /**
   * @throws NotFoundException if nothing has that name
   * @throws InvalidArgumentException if it leaves the archive, or is a link without end
   */
  T find(String path) {
    String name = TarEntries.clean("", path);
    for (int hops = 0; hops < LINKS_LIMIT; hops++) {
      T file = files.get(name);
      if (file != null) {
        return file;
      }
      String target = links.get(name);
      if (target == null) {
        throw new NotFoundException(
            "image archive: \"" + TarEntries.printable(path) + "\" is not in it");
      }
      name = target;
    }
    throw new InvalidArgumentException(
        "image archive: \"" + TarEntries.printable(path) + "\" is a link without end");
  }
}
