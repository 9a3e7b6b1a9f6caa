package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarTimeTest {
  private static TarTime parse(String text) {
    return TarTime.parse("mtime", text.getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1.5, 1, 500000000",
    "1.000000001, 1, 1",
    "-1.5, -2, 500000000",
    "-0.25, -1, 750000000",
    "-7, -7, 0",
    "999999999999999999, 999999999999999999, 0"
  })
  void timesAreReadAndWrittenTheSameWay(String text, long seconds, int nanos) {
    assertEquals(new TarTime(seconds, nanos), parse(text));
    assertEquals(text, new TarTime(seconds, nanos).format());
  }

  @Test
  void finerFractionsAreCut() {
    assertEquals(new TarTime(1, 123456789), parse("1.1234567899"));
    assertEquals(new TarTime(1, 0), parse("1."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", ".5", "1e9", "+1", "1.2.3", "1.-2", " 1", "1000000000000000000"})
  void whatIsNoTimeIsRefused(String text) {
    assertThrows(InvalidArgumentException.class, () -> parse(text));
  }
}
