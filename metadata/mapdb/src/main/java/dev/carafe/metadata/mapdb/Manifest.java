package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Which files make up the database. A small text with its own checksum, replaced as a whole.
 *
 * @param database identity, the same in every file
 * @param checkpoint revision of the checkpoint in use; 0 for none
 * @param firstSegment the journal begins with the revision after the checkpoint's, here
 * @param lastSegment the newest segment; it exists, and those between do too
 */
record Manifest(UUID database, long checkpoint, long firstSegment, long lastSegment) {
  private static final String TITLE = "carafe metadata database 1";
  private static final int MAX_BYTES = 4096;

  private byte[] encode() {
    String text =
        String.join(
            "\n",
            TITLE,
            "database " + database,
            "checkpoint " + checkpoint,
            "journal " + firstSegment + " " + lastSegment,
            "crc32c ");
    var crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return (text + Long.toHexString(crc.getValue()) + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * @throws DataLossException if the file is not as it was written
   */
  static Manifest read(Layout layout) throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(layout.manifest())) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    Manifest manifest = decode(new String(bytes, StandardCharsets.ISO_8859_1).split("[ \n]"));
    if (manifest == null || !Arrays.equals(bytes, manifest.encode())) {
      throw new DataLossException(
          "metadata database %s: manifest damaged; run: %s"
              .formatted(layout.directory(), layout.repairCommand()));
    }
    return manifest;
  }

  /** What the words say; whether every byte is right shows when they are encoded again. */
  private static @Nullable Manifest decode(String[] words) {
    if (words.length != 13) {
      return null;
    }
    try {
      return new Manifest(
          UUID.fromString(words[5]),
          Long.parseLong(words[7]),
          Long.parseLong(words[9]),
          Long.parseLong(words[10]));
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /** Replaces the manifest; durable when it returns. */
  void write(Disk disk, Layout layout) throws IOException {
    Path temporary = Layout.temporary(layout.manifest());
    byte[] bytes = encode();
    try {
      try (Disk.Output output = disk.create(temporary)) {
        output.write(0, bytes, bytes.length);
        output.sync();
      }
      disk.rename(temporary, layout.manifest());
    } catch (IOException e) {
      disk.deleteIfExists(temporary);
      throw e;
    }
    disk.syncDirectory(layout.directory());
  }
}
