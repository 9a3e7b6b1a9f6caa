package dev.carafe.plugin.diff.tar;

import com.github.luben.zstd.util.Native;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads the native part of zstd-jni before its first use. It unpacks a shared object, which must
 * not be on a file system without execution as {@code /run} often is, and deletes it once it is
 * loaded; what a killed process left is deleted first.
 */
final class ZstdLibrary {
  private static final String LEFTOVERS = "libzstd-jni-*";

  private final Path directory;
  private boolean loaded;

  /**
   * @param directory an existing private directory, used while loading
   */
  ZstdLibrary(Path directory) {
    this.directory = directory;
  }

  /**
   * Loads it unless that was done.
   *
   * @throws UnavailableException if there is none for this machine
   */
  synchronized void load() {
    if (loaded) {
      return;
    }
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, LEFTOVERS)) {
      for (Path leftover : leftovers) {
        Files.deleteIfExists(leftover);
      }
    } catch (IOException e) {
      throw new UnavailableException("zstd library: " + e.getMessage(), e);
    }
    try {
      Native.load(directory.toFile());
    } catch (LinkageError e) {
      throw new UnavailableException("zstd library: " + e.getMessage(), e);
    }
    loaded = true;
  }
}
