package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RawPathTest {
  @Test
  void textIsUtf8() {
    assertArrayEquals("ä/😀".getBytes(StandardCharsets.UTF_8), RawPath.of("ä/😀").bytes());
    assertEquals("ä/😀", RawPath.of("ä/😀").toString());
  }

  @Test
  void nulAndHalfSurrogatesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> RawPath.of("a\0b"));
    assertThrows(IllegalArgumentException.class, () -> RawPath.of(new byte[] {'a', 0}));
    assertThrows(IllegalArgumentException.class, () -> RawPath.of("a\ud800"));
  }

  @Test
  void joinsWithOneSlash() {
    assertEquals("a/b", RawPath.of("a").resolve(RawPath.of("b")).toString());
    assertEquals("/b", RawPath.of("/").resolve(RawPath.of("b")).toString());
    assertEquals("b", RawPath.EMPTY.resolve(RawPath.of("b")).toString());
  }

  @Test
  void belowMeansWholeComponents() {
    RawPath run = RawPath.of("/run/x");
    assertTrue(run.isAtOrBelow(RawPath.of("/run")));
    assertTrue(run.isAtOrBelow(run));
    assertTrue(run.isAtOrBelow(RawPath.of("/")));
    assertFalse(RawPath.of("/running").isAtOrBelow(RawPath.of("/run")));
  }

  @Test
  void javaPathsKeepTheirBytes() {
    assertEquals("/tmp/a b", RawPath.of(Path.of("/tmp/a b")).toString());
    assertEquals("rel", RawPath.of(Path.of("rel")).toString());
  }

  @Test
  void ordersByUnsignedBytesAndEqualsByContent() {
    assertTrue(RawPath.of(new byte[] {(byte) 0xff}).compareTo(RawPath.of("a")) > 0);
    assertEquals(RawPath.of("a"), RawPath.of(new byte[] {'a'}));
    assertEquals(RawPath.of("a").hashCode(), RawPath.of(new byte[] {'a'}).hashCode());
  }
}
