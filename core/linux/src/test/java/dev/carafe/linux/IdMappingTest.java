package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdMappingTest {
  @Test
  void whatIsReadIsWrittenTheSame() {
    IdMapping ids = IdMapping.parse("0:100000:1000,1000:500:1", "0:7:2");
    assertEquals("0:100000:1000,1000:500:1", ids.uidText());
    assertEquals("0:7:2", ids.gidText());
  }

  @Test
  void anIdInsideStandsForOneOutside() {
    IdMapping ids = IdMapping.parse("0:100000:1000,1000:500:1", "0:7:2");
    assertEquals(100_999, ids.uid(999));
    assertEquals(500, ids.uid(1000));
    assertEquals(8, ids.gid(1));
    assertThrows(IllegalArgumentException.class, () -> ids.uid(1001));
    assertThrows(IllegalArgumentException.class, () -> ids.gid(2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "0:1",
        "0:1:2:3",
        "0:1:0",
        "-1:1:1",
        "0:1:x",
        "0:1:1,",
        "0:0:4294967296",
        "1:0:4294967295",
        "99999999999:0:1",
        "0:100:10,5:200:10",
        "0:100:10,20:105:10"
      })
  void whatIsNoMappingIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> IdMapping.parse(text, "0:1:1"));
    assertThrows(IllegalArgumentException.class, () -> IdMapping.parse("0:1:1", text));
  }
}
