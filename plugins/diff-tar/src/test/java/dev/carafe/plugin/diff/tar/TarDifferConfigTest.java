package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.plugins.PluginTypes;
import org.junit.jupiter.api.Test;

class TarDifferConfigTest {
  @Test
  void defaultsAreThese() {
    assertEquals(
        new TarDifferConfig(
            10_000_000,
            1024 * 1024,
            1024,
            1024 * 1024,
            1024L * 1024 * 1024 * 1024,
            2000,
            1024 * 1024 * 1024,
            32 * 1024 * 1024,
            256 * 1024,
            16,
            6,
            3),
        TarDifferConfig.DEFAULT);
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> with(0, 1 << 20, 512, 2, 6, 3));
    assertThrows(IllegalArgumentException.class, () -> with(1, 100, 512, 2, 6, 3));
    assertThrows(IllegalArgumentException.class, () -> with(1, 1 << 20, 1000, 2, 6, 3));
    assertThrows(IllegalArgumentException.class, () -> with(1, 1 << 20, 512, 1, 6, 3));
    assertThrows(IllegalArgumentException.class, () -> with(1, 1 << 20, 512, 2, 0, 3));
    assertThrows(IllegalArgumentException.class, () -> with(1, 1 << 20, 512, 2, 6, 23));
  }

  private static TarDifferConfig with(
      long entries, int header, int buffer, int buffers, int gzip, int zstd) {
    return new TarDifferConfig(
        entries, header, 10, 10, 1 << 20, 10, 10, 1 << 20, buffer, buffers, gzip, zstd);
  }

  @Test
  void theFactoryDeclaresTheWalkingDiffer() {
    var declaration = new TarDifferFactory().declaration();
    assertEquals(PluginTypes.DIFFER, declaration.type());
    assertEquals("walking", declaration.id());
    assertEquals(TarDifferConfig.DEFAULT, declaration.defaults());
  }
}
