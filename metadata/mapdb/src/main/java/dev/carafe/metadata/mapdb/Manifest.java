package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * Which files make up the database. A small text with its own checksum, replaced as a whole.
 *
 * @param database identity, the same in every file
 * @param checkpoint revision of the checkpoint in use; 0 for none
 * @param firstSegment the journal begins with the revision after the checkpoint's, here
 * @param lastSegment the newest segment; it exists, and those between do too
 */
record Manifest(UUID database, long checkpoint, long firstSegment, long lastSegment) {
  private static final Pattern TEXT =
      Pattern.compile(
          """
          carafe metadata database 1
          database ([0-9a-f-]{36})
          checkpoint (\\d{1,19})
          journal (\\d{1,10}) (\\d{1,10})
          crc32c [0-9a-f]{8}
          """);

  private static final int MAX_BYTES = 4096;

  private byte[] encode() {
    String text =
        """
        carafe metadata database 1
        database %s
        checkpoint %d
        journal %d %d
        """
            .formatted(database, checkpoint, firstSegment, lastSegment);
    var crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return (text + "crc32c %08x\n".formatted((int) crc.getValue()))
        .getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * @throws DataLossException if the file is not as it was written
   */
  static Manifest read(Layout layout) throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(layout.manifest())) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    Matcher matcher = TEXT.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    if (matcher.matches()) {
      try {
        var manifest =
            new Manifest(
                UUID.fromString(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                Long.parseLong(matcher.group(4)));
        if (Arrays.equals(bytes, manifest.encode())) {
          return manifest;
        }
      } catch (IllegalArgumentException _) {
        // no UUID, or too large a number: damaged, as below
      }
    }
    throw new DataLossException(
        "metadata database %s: manifest damaged; run: %s"
            .formatted(layout.directory(), layout.repairCommand()));
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
