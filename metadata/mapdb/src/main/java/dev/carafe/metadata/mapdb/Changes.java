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
  private static final byte VALUE = 1;
  private static final byte CHILD = 2;
  private static final byte GONE = 3;

  private Changes() {}

  static byte[] encode(List<Overlay.Node> nodes) {
    int size = 0;
    for (Overlay.Node node : nodes) {
      size += 1 + Short.BYTES + node.key().length + Integer.BYTES + node.entry().size();
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    for (Overlay.Node node : nodes) {
      buffer.put(
          switch (node.entry()) {
            case Entry.Value _ -> VALUE;
            case Entry.Child _ -> CHILD;
            case Entry.Gone _ -> GONE;
          });
      buffer.putShort((short) node.key().length).put(node.key());
      switch (node.entry()) {
        case Entry.Value value -> buffer.putInt(value.bytes().length).put(value.bytes());
        case Entry.Child child -> buffer.putLong(child.id());
        case Entry.Gone _ -> {}
      }
    }
    byte[] payload = new byte[buffer.position()];
    buffer.flip().get(payload);
    return payload;
  }

  /**
   * The overlay with a record's changes.
   *
   * @throws DataLossException if the payload is not one that {@link #encode} made
   */
  static Overlay apply(ByteBuffer payload, long revision, Overlay overlay) {
    Overlay changed = overlay;
    try {
      while (payload.hasRemaining()) {
        byte kind = payload.get();
        byte[] key = bytes(payload, Short.toUnsignedInt(payload.getShort()));
        Entry entry =
            switch (kind) {
              case VALUE -> new Entry.Value(bytes(payload, payload.getInt()));
              case CHILD -> new Entry.Child(payload.getLong());
              case GONE -> Entry.GONE;
              default -> throw new BufferUnderflowException();
            };
        changed = changed.with(key, entry, revision);
      }
    } catch (BufferUnderflowException e) {
      throw new DataLossException(
          "journal: record of revision %d has unknown content".formatted(revision), e);
    }
    return changed;
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
