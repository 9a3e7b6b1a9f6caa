package dev.carafe.plugin.snapshotter.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class RecordLogTest {
  private static final List<String> RECORDS = List.of("first", "second, a bit longer", "3");
  private static final int HEADER = 16;
  private static final int FRAME = 12;

  private WorkDirectory work;
  private SnapshotLayout layout;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    layout = new SnapshotLayout(Files.createDirectory(work.path().resolve("root")));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<String> read() {
    List<String> records = new ArrayList<>();
    RecordLog.open(layout, bytes -> records.add(new String(bytes, StandardCharsets.UTF_8))).close();
    return records;
  }

  private void append(String... records) {
    try (RecordLog log = RecordLog.open(layout, _ -> {})) {
      for (String record : records) {
        assertTrue(log.makeRoom(record.length(), false));
        log.append(bytes(record));
      }
    }
  }

  /** The three records' file, as far as it is not zeros. */
  private byte[] written() throws IOException {
    append(RECORDS.toArray(String[]::new));
    byte[] all = Files.readAllBytes(layout.log());
    return Arrays.copyOf(all, HEADER + RECORDS.stream().mapToInt(r -> FRAME + r.length()).sum());
  }

  private static int whole(int length) {
    int count = 0;
    int end = HEADER;
    for (String record : RECORDS) {
      end += FRAME + record.length();
      if (end <= length) {
        count++;
      }
    }
    return count;
  }

  @Test
  void recordsAreReadBackInOrder() {
    assertEquals(List.of(), read());
    append("a");
    append("b", "c");
    assertEquals(List.of("a", "b", "c"), read());
  }

  @Test
  void fileCutAtAnyByteHoldsTheRecordsBefore() throws IOException {
    byte[] good = written();
    for (int length = HEADER; length <= good.length; length++) {
      Files.write(layout.log(), Arrays.copyOf(good, length));
      assertEquals(RECORDS.subList(0, whole(length)), read(), "cut at " + length);
      append("after");
      List<String> expected = new ArrayList<>(RECORDS.subList(0, whole(length)));
      expected.add("after");
      assertEquals(expected, read(), "appended after a cut at " + length);
    }
  }

  @Test
  void appendThatOnlyPartlyReachedTheMediumIsDropped() throws IOException {
    byte[] good = written();
    int last = good.length - FRAME - RECORDS.getLast().length();
    for (int missing = last; missing < good.length; missing++) {
      byte[] torn = Arrays.copyOf(good, good.length + 1000);
      torn[missing] = (byte) ~torn[missing];
      Files.write(layout.log(), torn);
      assertEquals(RECORDS.subList(0, 2), read(), "wrong at " + missing);
      assertEquals(RECORDS.subList(0, 2), read());
    }
  }

  @Test
  void damageBeforeGoodRecordsRefusesToOpen() throws IOException {
    byte[] good = written();
    int last = good.length - FRAME - RECORDS.getLast().length();
    for (int at = 0; at < last; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = good.clone();
        damaged[at] ^= (byte) (1 << bit);
        Files.write(layout.log(), damaged);
        var refused = assertThrows(DataLossException.class, this::read, "bit " + bit + " of " + at);
        assertTrue(refused.getMessage().contains(layout.log().toString()), refused::getMessage);
        assertEquals(good.length, Files.size(layout.log()));
      }
    }
  }

  @Test
  void zeroedRecordBeforeGoodOnesRefusesToOpen() throws IOException {
    byte[] damaged = written();
    Arrays.fill(damaged, HEADER, HEADER + FRAME + 5, (byte) 0);
    Files.write(layout.log(), damaged);
    assertThrows(DataLossException.class, this::read);
  }

  @Test
  void halfWrittenNewLogIsForgotten() throws IOException {
    append("a");
    Files.writeString(layout.newLog(), "half of a new log");
    assertEquals(List.of("a"), read());
    assertFalse(Files.exists(layout.newLog()));
  }

  @Test
  void rewriteReplacesAllRecords() throws IOException {
    append("a", "b", "c");
    try (RecordLog log = RecordLog.open(layout, _ -> {})) {
      log.rewrite(List.of(bytes("x"), bytes("y")));
      assertTrue(log.makeRoom(1, false));
      log.append(bytes("z"));
    }
    assertEquals(List.of("x", "y", "z"), read());
    try (var files = Files.list(layout.root())) {
      assertEquals(List.of(layout.log()), files.toList());
    }
  }

  @Test
  void closedLogTakesNothing() {
    RecordLog log = RecordLog.open(layout, _ -> {});
    log.close();
    log.close();
    assertThrows(UnavailableException.class, () -> log.append(bytes("x")));
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
  void fullDiskLeavesRoomForWhatIsUrgent() throws IOException {
    Path small = Files.createDirectory(work.path().resolve("small"));
    Mounter.kernel().mount(List.of(new Mount("tmpfs", "tmpfs", List.of("size=1m"))), small);
    work.closeLater(() -> Mounter.kernel().unmountAll(small));
    layout = new SnapshotLayout(small);
    byte[] record = new byte[1000];
    int urgent = 0;
    try (RecordLog log = RecordLog.open(layout, _ -> {})) {
      int ordinary = 0;
      while (log.makeRoom(record.length, false)) {
        log.append(record);
        ordinary++;
      }
      assertTrue(ordinary > 500, "records: " + ordinary);
      while (log.makeRoom(record.length, true)) {
        log.append(record);
        urgent++;
      }
      urgent += ordinary;
      assertTrue(urgent - ordinary > 50, "urgent ones: " + (urgent - ordinary));
    }
    assertEquals(urgent, read().size());
  }
}
