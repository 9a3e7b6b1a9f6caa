package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The payload of a record: entries, one after the other. Each: kind (u8), length of the flat key
 * (u16), the flat key; then for a value its length (u32) and bytes, for a bucket its id (u64).
 */
final class Changes {
  private Changes() {}

  static byte[] encode(List<Overlay.Node> nodes) {
    int size = 0;
    for (Overlay.Node node : nodes) {
      size += 1 + Short.BYTES + node.key().length + Integer.BYTES + node.entry().size();
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    for (Overlay.Node node : nodes) {
      buffer.put(node.entry().kind()).putShort((short) node.key().length).put(node.key());
      node.entry().write(buffer);
    }
    byte[] payload = new byte[buffer.position()];
    buffer.flip().get(payload);
    return payload;
  }

  /** Takes entries one by one. */
  interface Visitor {
    void entry(byte[] flat, Entry entry);
  }

  /**
   * Shows what a payload holds.
   *
   * @throws DataLossException if the payload is not one that {@link #encode} made
   */
  static void decode(ByteBuffer payload, Visitor visitor) {
    try {
      while (payload.hasRemaining()) {
        byte kind = payload.get();
        byte[] flat = bytes(payload, Short.toUnsignedInt(payload.getShort()));
        visitor.entry(
            flat,
            switch (kind) {
              case Entry.VALUE -> new Entry.Value(bytes(payload, payload.getInt()));
              case Entry.CHILD -> new Entry.Child(payload.getLong());
              case Entry.GONE_KIND -> Entry.GONE;
              default -> throw new BufferUnderflowException();
            });
      }
    } catch (BufferUnderflowException e) {
      throw new DataLossException("journal: record with unknown content", e);
    }
  }

  private static byte[] bytes(ByteBuffer buffer, int length) {
    if (length < 0 || length > buffer.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    buffer.get(bytes);
    return bytes;
  }
}
