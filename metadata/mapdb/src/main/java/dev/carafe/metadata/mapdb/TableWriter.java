package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.mapdb.DBException;
import org.mapdb.DataInput2;
import org.mapdb.DataOutput2;
import org.mapdb.SortedTableMap;
import org.mapdb.serializer.GroupSerializerObjectArray;
import org.mapdb.volume.RandomAccessFileVol;
import org.mapdb.volume.Volume;

/**
 * Writes a checkpoint with MapDB. The only class that touches MapDB: loading it costs tens of
 * milliseconds, and this happens in the background, never at start.
 */
final class TableWriter implements Closeable {
  private final Disk disk;
  private final Path path;
  private final Volume volume;
  private final SortedTableMap.Sink<byte[], byte[]> sink;
  private final CRC32C content = new CRC32C();
  private long entries;

  /** Begins a table in a file that must not exist. */
  TableWriter(Disk disk, Path path) throws IOException {
    this.disk = disk;
    this.path = path;
    disk.create(path).close();
    try {
      volume = RandomAccessFileVol.FACTORY.makeVolume(path.toString(), false);
      sink =
          SortedTableMap.create(volume, new Bytes(), new Bytes())
              .pageSize(Table.PAGE_SIZE)
              .nodeSize(Table.NODE_SIZE)
              .createFromSink();
    } catch (DBException e) {
      throw unwrapped(e);
    }
  }

  /** Adds an entry; keys must ascend. */
  void put(byte[] flat, Entry entry) throws IOException {
    try {
      switch (entry) {
        case Entry.Value value -> putValue(flat, value.bytes());
        case Entry.Child child ->
            putPart(flat, 0, ByteBuffer.allocate(9).put(Table.CHILD).putLong(child.id()).array());
        case Entry.Gone _ -> throw new IllegalArgumentException("nothing to write");
      }
    } catch (DBException e) {
      throw unwrapped(e);
    }
    digest(content, flat, entry);
    entries++;
  }

  private void putValue(byte[] flat, byte[] value) {
    if (value.length <= Table.PART_SIZE) {
      putPart(flat, 0, ByteBuffer.allocate(1 + value.length).put(Table.WHOLE).put(value).array());
      return;
    }
    putPart(
        flat,
        0,
        ByteBuffer.allocate(5 + Table.PART_SIZE)
            .put(Table.HEAD)
            .putInt(value.length)
            .put(value, 0, Table.PART_SIZE)
            .array());
    int part = 1;
    for (int at = Table.PART_SIZE; at < value.length; at += Table.PART_SIZE) {
      int size = Math.min(Table.PART_SIZE, value.length - at);
      putPart(
          flat, part, ByteBuffer.allocate(1 + size).put(Table.PART).put(value, at, size).array());
      part++;
    }
  }

  private void putPart(byte[] flat, int part, byte[] value) {
    byte[] key = Arrays.copyOf(flat, flat.length + Table.PART_NUMBER);
    ByteBuffer.wrap(key).putShort(flat.length, (short) part);
    sink.put(key, value);
  }

  /**
   * Completes the file, makes it durable, reads it back and compares it with what was put.
   *
   * @throws DataLossException if it does not hold what was put
   */
  Table finish(UUID database, long revision) throws IOException {
    try {
      sink.create();
      volume.close();
    } catch (DBException e) {
      throw unwrapped(e);
    }
    var crc = new CRC32C();
    long length = Files.size(path);
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      var buffer = ByteBuffer.allocateDirect(256 << 10);
      for (long at = 0; at < length; at += buffer.limit()) {
        if (channel.read(buffer.clear(), at) <= 0) {
          break;
        }
        crc.update(buffer.flip());
      }
    }
    try (Disk.Output output = disk.openDurable(path)) {
      output.write(
          length,
          new Footer(database, revision, length, (int) crc.getValue()).encode(),
          Footer.SIZE);
    }
    disk.sync(path);
    Table table = Table.open(path, database, revision);
    var read = new CRC32C();
    long found = 0;
    for (Table.Walk walk = table.from(new byte[0]); walk.valid(); walk.next()) {
      digest(read, walk.key(), walk.entry());
      found++;
    }
    if (found != entries || read.getValue() != content.getValue()) {
      throw new DataLossException(
          "checkpoint %s: read back %d entries that are not the %d written"
              .formatted(path, found, entries));
    }
    return table;
  }

  private static void digest(CRC32C crc, byte[] flat, Entry entry) {
    crc.update(ByteBuffer.allocate(8).putInt(flat.length).putInt(entry.size()).flip());
    crc.update(flat);
    switch (entry) {
      case Entry.Value value -> crc.update(value.bytes());
      case Entry.Child child -> crc.update(ByteBuffer.allocate(8).putLong(child.id()).flip());
      case Entry.Gone _ -> throw new IllegalArgumentException("nothing to write");
    }
  }

  /** Closes; the file stays, complete or not. */
  @Override
  public void close() {
    volume.close();
  }

  private static IOException unwrapped(DBException e) {
    return e.getCause() instanceof IOException cause ? cause : new IOException(e);
  }

  /** Byte strings with a length before them; as keys, ordered by flat key and then by part. */
  private static final class Bytes extends GroupSerializerObjectArray<byte[]> {
    @Override
    public void serialize(DataOutput2 out, byte[] value) throws IOException {
      out.writeShort(value.length);
      out.write(value);
    }

    @Override
    public byte[] deserialize(DataInput2 in, int available) throws IOException {
      byte[] value = new byte[in.readUnsignedShort()];
      in.readFully(value);
      return value;
    }

    @Override
    public int compare(byte[] first, byte[] second) {
      int firstLength = first.length - Table.PART_NUMBER;
      int secondLength = second.length - Table.PART_NUMBER;
      int order = Arrays.compareUnsigned(first, 0, firstLength, second, 0, secondLength);
      return order != 0
          ? order
          : Arrays.compareUnsigned(
              first, firstLength, first.length, second, secondLength, second.length);
    }

    @Override
    public boolean isTrusted() {
      return true;
    }
  }
}
