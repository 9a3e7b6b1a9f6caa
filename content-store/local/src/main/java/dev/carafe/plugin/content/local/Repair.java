package dev.carafe.plugin.content.local;

import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What a start does with what the last one left. */
final class Repair {
  private static final int MAX_REF = 32 * 1024;

  private Repair() {}

  /**
   * Makes the directories, removes ingests that cannot be resumed, and forces the names of blobs to
   * the medium, since a crash may have come between a rename and that.
   */
  static void afterStart(ContentLayout layout) {
    try {
      for (String algorithm : ContentLayout.ALGORITHMS) {
        sync(Files.createDirectories(layout.blobs(algorithm)));
      }
      sync(layout.blobs());
      Files.createDirectories(layout.ingests());
      sync(layout.root());
      try (DirectoryStream<Path> ingests = Files.newDirectoryStream(layout.ingests())) {
        for (Path ingest : ingests) {
          if (ContentLayout.isScratch(ingest) || !isWhole(ingest)) {
            delete(ingest);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** A power failure can leave an ingest without its ref, which nobody can ask for any more. */
  private static boolean isWhole(Path ingest) throws IOException {
    try (InputStream in = Files.newInputStream(ingest.resolve("ref"), LinkOption.NOFOLLOW_LINKS)) {
      byte[] ref = in.readNBytes(MAX_REF);
      return Digest.of(ref).hex().equals(String.valueOf(ingest.getFileName()))
          && Files.isRegularFile(ingest.resolve("data"), LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void delete(Path ingest) throws IOException {
    if (Files.isDirectory(ingest, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(ingest)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
    }
    Files.delete(ingest);
  }
}
