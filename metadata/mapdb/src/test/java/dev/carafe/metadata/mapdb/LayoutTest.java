package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LayoutTest {
  private final Layout layout = new Layout(Path.of("/var/lib/carafe/x.mapdb"));

  @Test
  void namesCarryTheirNumbers() {
    assertEquals("journal-0000000007.log", layout.segment(7).getFileName().toString());
    assertEquals(
        "checkpoint-0000000000000000123.table", layout.table(123).getFileName().toString());
    assertEquals(OptionalLong.of(7), Layout.segmentNumber(layout.segment(7)));
    assertEquals(
        OptionalLong.of(Long.MAX_VALUE), Layout.tableRevision(layout.table(Long.MAX_VALUE)));
    assertTrue(Layout.isTemporary(Layout.temporary(layout.segment(7))));
  }

  @Test
  void otherNamesCarryNone() {
    for (String name :
        new String[] {
          "journal-7.log",
          "journal-000000000x.log",
          "journal-0000000007.log.tmp",
          "checkpoint-9999999999999999999.table",
          "manifest",
          ""
        }) {
      assertEquals(OptionalLong.empty(), Layout.segmentNumber(Path.of(name)), name);
      assertEquals(OptionalLong.empty(), Layout.tableRevision(Path.of(name)), name);
    }
  }

  @Test
  void repairCommandNamesTheDaemonsRoot() {
    assertEquals("carafed db repair --root /var/lib/carafe", layout.repairCommand());
  }
}
