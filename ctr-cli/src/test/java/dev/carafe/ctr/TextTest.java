package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {
  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "1023,1023 B",
    "1024,1.0 KiB",
    "1536,1.5 KiB",
    "10188,9.9 KiB",
    "10230,10 KiB",
    "1048575,1024 KiB",
    "1048576,1.0 MiB",
    "30000000,29 MiB",
    "1099511627776,1.0 TiB",
    "9223372036854775807,8.0 EiB"
  })
  void sizesAreShort(long bytes, String text) {
    assertEquals(text, Text.size(bytes));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "512,512", "64k,65536", "64M,67108864", "2G,2147483648", "1t,1099511627776"})
  void sizesAreRead(String text, long bytes) {
    assertEquals(bytes, Text.bytes(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "0", "-1", "1.5M", "M", "10000000000T", "1 M"})
  void whatIsNoSizeIsRefused(String text) {
    assertThrows(UsageException.class, () -> Text.bytes(text));
  }

  @Test
  void charactersThatMoveTheCursorAreNotPrinted() {
    assertEquals("a?[2Jb c?d", Text.printable("a\033[2Jb\nc\u009bd"));
    assertEquals("größe 日本", Text.printable("größe 日本"));
  }

  @Test
  void timesThatWereNotSetAreEmpty() {
    assertEquals("", Text.time(Timestamp.getDefaultInstance()));
    assertEquals("", Text.time(Timestamp.newBuilder().setSeconds(-62_135_596_800L).build()));
    assertEquals(
        "2001-09-09T01:46:40.000000005Z",
        Text.time(Timestamp.newBuilder().setSeconds(1_000_000_000).setNanos(5).build()));
  }

  @Test
  void labelsAreSorted() {
    assertEquals("a=2,b=1", Text.labels(Map.of("b", "1", "a", "2")));
    assertEquals("", Text.labels(Map.of()));
  }

  @Test
  void pairsAreRead() {
    assertEquals(Map.of("a", "b=c", "d", "", "e", ""), Text.pairs(List.of("a=b=c", "d", "e=")));
    assertThrows(UsageException.class, () -> Text.pairs(List.of("=x")));
  }

  @Test
  void typedBytesAreShownAsWhatTheyAre() {
    Any json =
        Any.newBuilder().setTypeUrl("t").setValue(ByteString.copyFromUtf8("{\"a\":1}")).build();
    Any bytes = Any.newBuilder().setTypeUrl("t").setValue(ByteString.copyFromUtf8("\1")).build();

    assertEquals(Map.of("a", 1L), Text.any(json));
    assertEquals(Map.of("type_url", "t", "value", "AQ=="), Text.any(bytes));
    Any broken = Any.newBuilder().setTypeUrl("t").setValue(ByteString.copyFromUtf8("{x")).build();
    assertEquals(Map.of("type_url", "t", "value", "e3g="), Text.any(broken));
  }

  @Test
  void fileIsNoTerminal() {
    assertFalse(Text.isTerminal(12345));
  }
}
