package dev.carafe.plugin.images.archive;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.util.Native;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens zstd streams; loads the native part at the first one. */
final class Zstd {
  private static final int MAX_WINDOW_LOG = 27;

  private final Path directory;
  private boolean loaded;

  /**
   * @param directory an existing private directory where the native part is unpacked while it is
   *     loaded
   */
  Zstd(Path directory) {
    this.directory = directory;
  }

  /** Refuses windows of more than 128 MiB. */
  InputStream open(InputStream in) throws IOException {
    load();
    return new ZstdInputStreamNoFinalizer(in).setLongMax(MAX_WINDOW_LOG);
  }

  private synchronized void load() {
    if (loaded) {
      return;
    }
    try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "libzstd-jni-*")) {
      for (Path leftover : left) {
        Files.deleteIfExists(leftover);
      }
      Native.load(directory.toFile());
    } catch (IOException | LinkageError e) {
      throw new UnavailableException("zstd library: " + e.getMessage(), e);
    }
    loaded = true;
  }
}
