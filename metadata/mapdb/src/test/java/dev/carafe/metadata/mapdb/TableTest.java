package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mapdb.DataInput2;
import org.mapdb.DataOutput2;
import org.mapdb.SortedTableMap;
import org.mapdb.serializer.GroupSerializerObjectArray;
import org.mapdb.volume.RandomAccessFileVol;

@ExtendWith(LeakCheck.class)
class TableTest {
  private static final UUID DATABASE = new UUID(1, 2);

  private final TreeMap<byte[], Entry> model = new TreeMap<>(Arrays::compareUnsigned);
  private final Random random = new Random(8);

  private void put(long bucket, byte[] name, int size) {
    byte[] value = new byte[size];
    random.nextBytes(value);
    model.put(Keys.of(bucket, name), new Entry.Value(value));
  }

  private Table write(Path path) throws IOException {
    try (var writer = new TableWriter(new SystemDisk(), path)) {
      for (Map.Entry<byte[], Entry> entry : model.entrySet()) {
        writer.put(entry.getKey(), entry.getValue());
      }
      return writer.finish(DATABASE, 17);
    }
  }

  private void fill() {
    for (int i = 0; i < 20_000; i++) {
      put(random.nextInt(50), Integer.toString(random.nextInt(100_000)).getBytes(), 60);
      model.put(Keys.of(60, Integer.toString(i).getBytes()), new Entry.Child(i));
    }
    // Around the size of a part, of a page, and the largest keys.
    for (int size : new int[] {0, 1, 32_767, 32_768, 32_769, 65_536, 65_537, 1 << 20, 3 << 20}) {
      put(70, ("size " + size).getBytes(), size);
      byte[] longest = new byte[32 << 10];
      random.nextBytes(longest);
      put(71, longest, size);
      put(72, Arrays.copyOf("k".getBytes(), 1 + size % 7), 40_000);
    }
  }

  @Test
  void holdsWhatWasPut(WorkDirectory work) throws IOException {
    fill();
    Table table = write(work.path().resolve("table"));
    Table.Walk walk = table.from(new byte[0]);
    for (Map.Entry<byte[], Entry> expected : model.entrySet()) {
      assertTrue(walk.valid());
      assertArrayEquals(expected.getKey(), walk.key());
      assertSame(expected.getValue(), walk.entry());
      assertSame(expected.getValue(), table.get(expected.getKey()));
      walk.next();
    }
    assertFalse(walk.valid());
  }

  private static void assertSame(Entry expected, Entry found) {
    if (expected instanceof Entry.Value value && found instanceof Entry.Value other) {
      assertArrayEquals(value.bytes(), other.bytes());
    } else {
      assertEquals(expected, found);
    }
  }

  @Test
  void findsWhereAWalkBegins(WorkDirectory work) throws IOException {
    fill();
    Table table = write(work.path().resolve("table"));
    for (int i = 0; i < 5000; i++) {
      byte[] key =
          Keys.of(random.nextInt(72), Integer.toString(random.nextInt(100_000)).getBytes());
      Map.Entry<byte[], Entry> expected = model.ceilingEntry(key);
      Table.Walk walk = table.from(key);
      assertArrayEquals(expected.getKey(), walk.key());
      if (Arrays.equals(expected.getKey(), key)) {
        assertSame(expected.getValue(), table.get(key));
      } else {
        assertNull(table.get(key));
      }
    }
    assertFalse(table.from(Keys.of(99, new byte[0])).valid());
    assertNull(table.get(Keys.of(99, new byte[0])));
  }

  @Test
  void manyPagesAreMapped(WorkDirectory work) throws IOException {
    for (int i = 0; i < 100; i++) {
      put(1, Integer.toString(i).getBytes(), 200_000);
    }
    Table table = write(work.path().resolve("table"));
    assertTrue(table.length() > 16 << 20);
    for (Map.Entry<byte[], Entry> expected : model.entrySet()) {
      assertSame(expected.getValue(), table.get(expected.getKey()));
    }
  }

  /** The file is MapDB's: MapDB reads from it what was put. */
  @Test
  void mapDbReadsItToo(WorkDirectory work) throws IOException {
    for (int i = 0; i < 20_000; i++) {
      put(random.nextInt(50), Integer.toString(i).getBytes(), random.nextInt(200));
    }
    Path path = work.path().resolve("table");
    write(path);
    var volume = RandomAccessFileVol.FACTORY.makeVolume(path.toString(), true);
    try {
      var map = SortedTableMap.open(volume, new Lengths(), new Lengths());
      assertEquals(model.size(), map.size());
      for (Map.Entry<byte[], Entry> entry : model.entrySet()) {
        byte[] value = map.get(Arrays.copyOf(entry.getKey(), entry.getKey().length + 2));
        byte[] expected = ((Entry.Value) entry.getValue()).bytes();
        assertArrayEquals(expected, Arrays.copyOfRange(value, 1, value.length));
      }
    } finally {
      volume.close();
    }
  }

  @Test
  void otherDatabaseOrRevisionIsRefused(WorkDirectory work) throws IOException {
    put(1, new byte[] {1}, 1);
    Path path = work.path().resolve("table");
    write(path);
    assertThrows(DataLossException.class, () -> Table.open(path, new UUID(1, 3), 17));
    assertThrows(DataLossException.class, () -> Table.open(path, DATABASE, 16));
    assertEquals(17, Table.open(path, DATABASE, 17).footer().revision());
  }

  private static final class Lengths extends GroupSerializerObjectArray<byte[]> {
    @Override
    public void serialize(DataOutput2 out, byte[] value) {
      throw new AssertionError("read only");
    }

    @Override
    public byte[] deserialize(DataInput2 in, int available) throws IOException {
      byte[] value = new byte[in.readUnsignedShort()];
      in.readFully(value);
      return value;
    }

    @Override
    public int compare(byte[] first, byte[] second) {
      return Arrays.compareUnsigned(first, 0, first.length - 2, second, 0, second.length - 2);
    }
  }
}
