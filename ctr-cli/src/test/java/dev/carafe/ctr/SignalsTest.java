package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalsTest {
  @ParameterizedTest
  @CsvSource({"TERM,15", "SIGTERM,15", "kill,9", "sigusr1,10", "9,9", "64,64", "SYS,31", "HUP,1"})
  void namesAndNumbersAreKnown(String text, int number) {
    assertEquals(number, Signals.number(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "65", "-9", "NOPE", "-", "SIG", "9x"})
  void otherTextIsRefused(String text) {
    assertThrows(UsageException.class, () -> Signals.number(text));
  }
}
