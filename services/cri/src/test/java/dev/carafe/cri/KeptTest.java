package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** What lists keep of records. */
class KeptTest {
  private final Map<String, Object> records = new ConcurrentHashMap<>();
  private final Kept<Object, StringBuilder> kept =
      new Kept<>(records, record -> new StringBuilder(record.toString()));

  @Test
  void itIsMadeOnceForARecordAndAnewForTheNext() {
    records.put("a", "one");
    StringBuilder first = kept.of("a", "one");
    assertSame(first, kept.of("a", "one"));

    records.put("a", "two");
    StringBuilder second = kept.of("a", "two");
    assertNotSame(first, second);
    assertEquals("two", second.toString());
  }

  @Test
  void nothingIsKeptOfWhatIsGone() {
    records.put("a", "one");
    kept.of("a", "one");
    records.remove("a");
    kept.forget("a");
    assertEquals(0, kept.size());

    // A list that was under way meanwhile.
    assertEquals("one", kept.of("a", "one").toString());
    assertEquals(0, kept.size());
  }
}
