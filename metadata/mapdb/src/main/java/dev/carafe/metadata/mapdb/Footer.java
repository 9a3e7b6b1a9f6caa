package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The last 64 bytes of a checkpoint: what the table before it must be.
 *
 * @param database whose checkpoint it is
 * @param revision the last one inside
 * @param length bytes before the footer
 * @param checksum CRC32C of them
 */
record Footer(UUID database, long revision, long length, int checksum) {
  static final int SIZE = 64;

  private static final long MAGIC =
      ByteBuffer.wrap("CARAFET1".getBytes(StandardCharsets.US_ASCII)).getLong();

  byte[] encode() {
    var buffer =
        ByteBuffer.allocate(SIZE)
            .putLong(MAGIC)
            .putLong(database.getMostSignificantBits())
            .putLong(database.getLeastSignificantBits())
            .putLong(revision)
            .putLong(length)
            .putInt(checksum);
    buffer.putInt(SIZE - Integer.BYTES, checksumOf(buffer.array()));
    return buffer.array();
  }

  /** The footer, or null where the bytes are none. */
  static @Nullable Footer decode(byte[] bytes) {
    var buffer = ByteBuffer.wrap(bytes);
    if (buffer.getInt(SIZE - Integer.BYTES) != checksumOf(bytes) || buffer.getLong() != MAGIC) {
      return null;
    }
    return new Footer(
        new UUID(buffer.getLong(), buffer.getLong()),
        buffer.getLong(),
        buffer.getLong(),
        buffer.getInt());
  }

  private static int checksumOf(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes, 0, SIZE - Integer.BYTES);
    return (int) crc.getValue();
  }
}
