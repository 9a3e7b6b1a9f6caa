package dev.carafe.host;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a running daemon keeps copies of the jars it has opened, so that a plugin goes on when its
 * file is written over, and no two versions of a file share anything in the JDK's caches.
 */
final class JarCopies {
  /** Opens files where they are: for tools. */
  static final JarCopies NONE = new JarCopies(null);

  private final @Nullable Path directory;
  private final AtomicLong next = new AtomicLong();

  private JarCopies(@Nullable Path directory) {
    this.directory = directory;
  }

  /**
   * Copies in a directory that is emptied of what an earlier daemon left, and made when it is
   * needed.
   *
   * @param directory of this daemon alone
   */
  static JarCopies in(Path directory) {
    if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, "*.jar")) {
        for (Path file : old) {
          Files.deleteIfExists(file);
        }
      } catch (IOException e) {
        throw new FailedPreconditionException("directory \"" + directory + "\": " + e, e);
      }
    }
    return new JarCopies(directory);
  }

  /**
   * Opens a jar.
   *
   * @param path where the operator sees it
   * @param real the same without links
   */
  LoadedJar open(Path path, Path real) throws IOException {
    if (directory == null) {
      return LoadedJar.open(path, real, false);
    }
    PrivateDirectories.createWithParents(directory);
    Path copy = directory.resolve(next.incrementAndGet() + "-" + real.getFileName());
    try {
      Files.copy(real, copy);
      return LoadedJar.open(path, copy, true);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(copy);
      throw e;
    }
  }
}
