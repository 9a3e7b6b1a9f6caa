package dev.carafe.spi.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Lines of a log in CRI's format. */
class CriLogFormatTest {
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05Z");

  @Test
  void aRecordOfAWholeSecondHasNineDigitsToo() {
    assertEquals(
        "2026-01-02T03:04:05.000000000Z stderr P x\n",
        new String(CriLogFormat.records(true, AT, new byte[] {'x'}), UTF_8));
  }

  @Test
  void onlyWhatFollowsTheLastLinesEndGoesOn() {
    String time = "2026-01-02T03:04:05.000000000Z stdout ";
    assertEquals(
        time + "F a\n" + time + "F \n" + time + "P b\n",
        new String(CriLogFormat.records(false, AT, "a\n\nb".getBytes(UTF_8)), UTF_8));
    assertEquals("", new String(CriLogFormat.records(false, AT, new byte[0]), UTF_8));
  }
}
