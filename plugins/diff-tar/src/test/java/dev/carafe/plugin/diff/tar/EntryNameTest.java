package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntryNameTest {
  private static EntryName clean(String raw) {
    return EntryName.clean(raw.getBytes(StandardCharsets.UTF_8), 100);
  }

  @ParameterizedTest
  @CsvSource({
    "a, '', a",
    "/a, '', a",
    "a/b/c, a/b, c",
    "./a//b/./c/, a/b, c",
    "a/../b, '', b",
    "a/b/../../c/d, c, d",
    "..., '', ...",
    ".a/..b, .a, ..b",
    "., '', ''",
    "/, '', ''",
    "a/.., '', ''"
  })
  void namesAreCleaned(String raw, String parent, String name) {
    EntryName cleaned = clean(raw);
    assertEquals(parent, cleaned.parent().toString());
    assertEquals(name, cleaned.name().toString());
    assertEquals(name.isEmpty(), cleaned.isRoot());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../a", "/..", "a/../..", "a/../../b", "./../a"})
  void namesThatLeaveTheRootAreRefused(String raw) {
    assertThrows(InvalidArgumentException.class, () -> clean(raw));
  }

  @Test
  void messagesShowNamesWithoutControlCharacters() {
    String shown = EntryName.show("a\u001b[31m\n\"b".getBytes(StandardCharsets.UTF_8));
    assertEquals("a?[31m??b", shown);
    assertTrue(EntryName.show(new byte[5000]).length() < 200);
  }
}
