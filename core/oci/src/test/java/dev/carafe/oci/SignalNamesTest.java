package dev.carafe.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalNamesTest {
  @ParameterizedTest
  @CsvSource({
    "TERM,15",
    "SIGTERM,15",
    "sigquit,3",
    "9,9",
    "SIGCLD,17",
    "SIGRTMIN,34",
    "SIGRTMIN+3,37",
    "SIGRTMINPLUS15,49",
    "SIGRTMAX,64",
    "SIGRTMAXMINUS14,50",
    "RTMAX-1,63",
    "SIGPOLL,29"
  })
  void aSignalHasItsNumber(String text, int number) {
    assertEquals(OptionalInt.of(number), SignalNames.number(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "65", "SIGNOTHING", "-1", "SIGRTMIN+40", "RTMAX-99", "9999999"})
  void whatIsNoSignalHasNone(String text) {
    assertEquals(OptionalInt.empty(), SignalNames.number(text));
  }
}
