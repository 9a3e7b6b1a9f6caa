package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MapdbConfigTest {
  @Test
  void defaults() {
    assertEquals(new MapdbConfig(2_097_152, 1_048_576, 262_144, 33_554_432), MapdbConfig.DEFAULT);
  }

  @Test
  void valuesOutOfRangeAreRefusedByName() {
    assertRefused("journal_bytes", () -> new MapdbConfig(4095, 4096, 512, 4096));
    assertRefused("journal_bytes", () -> new MapdbConfig((256L << 20) + 1, 4096, 512, 4096));
    assertRefused("extent_bytes", () -> new MapdbConfig(4096, 4095, 512, 4096));
    assertRefused("reserve_bytes", () -> new MapdbConfig(4096, 4096, 511, 4096));
    assertRefused("reserve_bytes", () -> new MapdbConfig(4096, 4096, 2049, 4096));
    assertRefused("transaction_bytes", () -> new MapdbConfig(4096, 4096, 512, 4095));
    assertRefused("transaction_bytes", () -> new MapdbConfig(4096, 4096, 512, (64 << 20) + 1));
  }

  private static void assertRefused(String name, Runnable make) {
    String message = assertThrows(IllegalArgumentException.class, make::run).getMessage();
    assertTrue(message.startsWith(name + " = "), message);
  }
}
