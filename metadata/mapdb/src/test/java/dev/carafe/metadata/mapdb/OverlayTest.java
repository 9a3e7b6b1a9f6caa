package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OverlayTest {
  private static byte[] key(int number) {
    return Keys.of(number % 3, Integer.toString(number).getBytes());
  }

  private static Entry entry(long number) {
    return new Entry.Child(number);
  }

  @Test
  void olderMapsStayAsTheyWere() {
    var random = new Random(5);
    Overlay overlay = Overlay.EMPTY;
    var model = new TreeMap<byte[], Long>(Arrays::compareUnsigned);
    List<Overlay> overlays = new ArrayList<>();
    List<Map<byte[], Long>> models = new ArrayList<>();
    for (long revision = 1; revision <= 3000; revision++) {
      byte[] key = key(random.nextInt(500));
      overlay = overlay.with(key, entry(revision), revision);
      model.put(key, revision);
      if (revision % 500 == 0) {
        overlays.add(overlay);
        models.add(new TreeMap<>(model));
      }
    }
    for (int i = 0; i < overlays.size(); i++) {
      assertSame(models.get(i), overlays.get(i), new byte[0]);
    }
  }

  private static void assertSame(Map<byte[], Long> model, Overlay overlay, byte[] from) {
    Overlay.Walk walk = overlay.from(from);
    for (Map.Entry<byte[], Long> expected : model.entrySet()) {
      Overlay.Node node = walk.current();
      assertArrayEquals(expected.getKey(), node.key());
      assertEquals(entry(expected.getValue()), node.entry());
      assertEquals(node, overlay.find(expected.getKey()));
      walk.next();
    }
    assertNull(walk.current());
  }

  @Test
  void walksBeginAnywhere() {
    Overlay overlay = Overlay.EMPTY;
    var model = new TreeMap<byte[], Long>(Arrays::compareUnsigned);
    for (int number = 0; number < 200; number += 2) {
      overlay = overlay.with(key(number), entry(number), 1);
      model.put(key(number), (long) number);
    }
    for (int number = 0; number < 200; number++) {
      assertSame(model.tailMap(key(number)), overlay, key(number));
    }
  }

  @Test
  void ascendingKeysKeepItBalanced() {
    Overlay overlay = Overlay.EMPTY;
    for (int number = 0; number < 100_000; number++) {
      overlay = overlay.with(Keys.of(number, new byte[0]), entry(number), number);
    }
    assertTrue(overlay.find(Keys.of(5, new byte[0])).height() <= 24);
    assertTrue(height(overlay) <= 24, () -> "too high");
  }

  private static int height(Overlay overlay) {
    int height = 0;
    for (Overlay.Walk walk = overlay.from(new byte[0]); walk.current() != null; walk.next()) {
      height = Math.max(height, walk.current().height());
    }
    return height;
  }

  @Test
  void newerThanKeepsOnlyWhatIsNewer() {
    var random = new Random(6);
    Overlay overlay = Overlay.EMPTY;
    var model = new TreeMap<byte[], Long>(Arrays::compareUnsigned);
    for (long revision = 1; revision <= 1000; revision++) {
      byte[] key = key(random.nextInt(300));
      overlay = overlay.with(key, entry(revision), revision);
      model.put(key, revision);
    }
    for (long bound : new long[] {0, 1, 500, 990, 1000}) {
      var newer = new TreeMap<byte[], Long>(Arrays::compareUnsigned);
      model.forEach((key, revision) -> {
        if (revision > bound) {
          newer.put(key, revision);
        }
      });
      assertSame(newer, overlay.newerThan(bound), new byte[0]);
    }
    assertNull(overlay.newerThan(1000).from(new byte[0]).current());
  }
}
