package dev.carafe.metadata;

import dev.carafe.spi.metadata.MetadataDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file beside the database that says which database the daemon used last and how far it was:
 * three lines, a format, the database's name and its revision. A {@link MetadataDatabase} with
 * another name or an older revision is not the one that the back ends were filled under.
 */
final class Watermark {
  private static final Logger log = LoggerFactory.getLogger(Watermark.class);
  private static final String FORMAT = "carafe-watermark 1";
  private static final int LIMIT = 1024;

  private final Path file;

  /** What the file says. */
  record Mark(String database, long revision) {}

  Watermark(Path file) {
    this.file = file;
  }

  Path file() {
    return file;
  }

  /** What was written last; null if there is nothing to be read. */
  @Nullable Mark read() {
    try {
      if (Files.size(file) <= LIMIT) {
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        if (lines.size() == 3 && lines.getFirst().equals(FORMAT)) {
          return new Mark(lines.get(1), Long.parseLong(lines.get(2)));
        }
      }
      log.warn("{} is not a watermark; it is written anew", file);
    } catch (NoSuchFileException e) {
      // The first start.
    } catch (IOException | NumberFormatException e) {
      log.warn("{} cannot be read and is written anew: {}", file, e.toString());
    }
    return null;
  }

  /** Writes durably: the bytes, the name, the directory. One writer at a time. */
  synchronized void write(Mark mark) {
    byte[] text =
        (FORMAT + "\n" + mark.database() + "\n" + mark.revision() + "\n")
            .getBytes(StandardCharsets.UTF_8);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      try (FileChannel channel =
          FileChannel.open(
              fresh,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(text);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel directory =
          FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e.getMessage(), e);
    }
  }
}
