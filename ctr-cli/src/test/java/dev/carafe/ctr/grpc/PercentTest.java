package dev.carafe.ctr.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PercentTest {
  @ParameterizedTest
  @CsvSource({
    "plain,plain",
    "a%20b,a b",
    "gr%C3%B6%C3%9Fe,größe",
    "100%25,100%",
    "%,%",
    "%4,%4",
    "%zz%41,%zzA",
    "%4g,%4g"
  })
  void encodedTextIsDecodedAndOtherTextKept(String encoded, String text) {
    assertEquals(text, Percent.decode(encoded));
  }
}
