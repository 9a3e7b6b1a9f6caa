package dev.carafe.plugin.snapshotter.support;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Usage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Changes as bytes, big-endian, one after the other:
 *
 * <pre>
 * u8 1, i64 id                                                              remove
 * u8 2, i64 id, u8 kind (0 active, 1 view, 2 committed), text key, i64 parent (0 none),
 *   time created, time updated, i64 bytes (-1 unknown), i64 inodes, u16 n, n * (text, text)   put
 * text = i32 length, UTF-8; time = i64 seconds, i32 nanoseconds
 * </pre>
 */
final class ChangeCodec {
  /** No change is longer, so that what is read back is bounded. */
  static final int MAX = 256 * 1024;

  private static final int REMOVE = 1;
  private static final int PUT = 2;
  private static final SnapshotKind[] KINDS = SnapshotKind.values();

  private ChangeCodec() {}

  /**
   * @throws InvalidArgumentException if the snapshot's labels are too many to be kept
   */
  static byte[] encode(Change change) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      switch (change) {
        case Change.Remove(long id) -> {
          out.writeByte(REMOVE);
          out.writeLong(id);
        }
        case Change.Put(StoredSnapshot snapshot) -> {
          out.writeByte(PUT);
          put(out, snapshot);
          if (bytes.size() > MAX || snapshot.labels().size() > 0xffff) {
            throw new InvalidArgumentException(
                "snapshot \"%s\": labels of more than %d bytes".formatted(snapshot.key(), MAX));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void put(DataOutputStream out, StoredSnapshot snapshot) throws IOException {
    out.writeLong(snapshot.id());
    out.writeByte(snapshot.kind().ordinal());
    text(out, snapshot.key().value());
    out.writeLong(snapshot.parent());
    time(out, snapshot.createdAt());
    time(out, snapshot.updatedAt());
    Usage usage = snapshot.usage();
    out.writeLong(usage == null ? -1 : usage.bytes());
    out.writeLong(usage == null ? -1 : usage.inodes());
    out.writeShort(snapshot.labels().size());
    for (Map.Entry<String, String> label : snapshot.labels().entrySet()) {
      text(out, label.getKey());
      text(out, label.getValue());
    }
  }

  /**
   * Passes each change in {@code bytes} to {@code each}, in order.
   *
   * @throws DataLossException if the bytes are something else
   */
  static void decode(byte[] bytes, Consumer<Change> each) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      while (in.available() > 0) {
        int type = in.readUnsignedByte();
        switch (type) {
          case REMOVE -> each.accept(new Change.Remove(in.readLong()));
          case PUT -> each.accept(new Change.Put(snapshot(in)));
          default -> throw new DataLossException("snapshot records: unknown change " + type);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new DataLossException("snapshot records: not well-formed: " + e, e);
    }
  }

  private static StoredSnapshot snapshot(DataInputStream in) throws IOException {
    long id = in.readLong();
    SnapshotKind kind = KINDS[in.readUnsignedByte()];
    SnapshotKey key = new SnapshotKey(text(in));
    long parent = in.readLong();
    Instant created = time(in);
    Instant updated = time(in);
    long bytes = in.readLong();
    long inodes = in.readLong();
    @Nullable Usage usage = bytes < 0 ? null : new Usage(bytes, inodes);
    int count = in.readUnsignedShort();
    Map<String, String> labels = HashMap.newHashMap(count);
    for (int i = 0; i < count; i++) {
      labels.put(text(in), text(in));
    }
    return new StoredSnapshot(id, kind, key, parent, labels, created, updated, usage);
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String text(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("text of " + length + " bytes");
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }

  private static void time(DataOutputStream out, Instant time) throws IOException {
    out.writeLong(time.getEpochSecond());
    out.writeInt(time.getNano());
  }

  private static Instant time(DataInputStream in) throws IOException {
    return Instant.ofEpochSecond(in.readLong(), in.readInt());
  }
}
