package dev.carafe.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FormatsTest {
  private static final Instant TIME = Instant.parse("1901-02-03T04:05:06.789012345Z");
  private static final Digest DIGEST = Digest.of(new byte[0]);
  private static final Map<String, String> LABELS = Map.of("käse", "🧀", "a", "", "", "x");

  private record Sample<R>(Format<R> format, String key, R record) {
    byte[] encoded() {
      return format.encode(record);
    }

    R decoded(byte[] bytes) {
      return format.decode(key, bytes);
    }
  }

  private static final List<Sample<?>> SAMPLES =
      List.of(
          new Sample<>(
              Formats.BLOB, DIGEST.toString(), new BlobRecord(1L << 40, TIME, TIME, LABELS)),
          new Sample<>(
              Formats.INGEST, "r", new IngestRecord("ns/1/r", 7, DIGEST, TIME, TIME, TIME)),
          new Sample<>(Formats.INGEST, "r", new IngestRecord("ns/1/r", 0, null, TIME, TIME, null)),
          new Sample<>(
              Formats.SNAPSHOT,
              "k",
              new SnapshotRecord(SnapshotRecord.Kind.VIEW, "ns/2/k", "p", TIME, TIME, LABELS)),
          new Sample<>(
              Formats.INTENT,
              "ns/3/n",
              new CommitIntent(
                  "ns", "sn", "k", "ns/2/k", "n", "ns/3/n", "p", true, LABELS, "l", TIME)),
          new Sample<>(
              Formats.IMAGE,
              "i",
              new Image(
                  "i",
                  LABELS,
                  new Descriptor(
                      "m",
                      DIGEST,
                      Long.MAX_VALUE,
                      LABELS,
                      new Platform("linux", "arm", "v7", "1", List.of("f")),
                      "artifact",
                      List.of("http://x")),
                  TIME,
                  Instant.MIN)),
          new Sample<>(Formats.LEASE, "l", new Lease("l", LABELS, Instant.MAX)),
          new Sample<>(
              Formats.CONTAINER,
              "c",
              new Container(
                  "c",
                  LABELS,
                  "image",
                  new Container.Runtime("r", new TypedValue("u", new byte[] {0, -1})),
                  Containers.SPEC,
                  "s",
                  "k",
                  Map.of("e", new TypedValue("t", new byte[300])),
                  "sb",
                  TIME,
                  TIME)),
          new Sample<>(
              Formats.TASK,
              "t",
              new StoredTask(
                  Containers.task(
                      "t", new RuntimeOptions(Map.of("n", Long.MIN_VALUE, "l", List.of("a")))),
                  "s",
                  "k")));

  @Test
  void recordsComeBackAsTheyWent() {
    for (Sample<?> sample : SAMPLES) {
      assertEquals(sample.record(), sample.decoded(sample.encoded()));
    }
  }

  @Test
  void equalRecordsHaveEqualBytes() {
    BlobRecord one = new BlobRecord(1, TIME, TIME, Map.of("a", "1", "b", "2", "c", "3"));
    BlobRecord two = new BlobRecord(1, TIME, TIME, Map.of("c", "3", "b", "2", "a", "1"));
    assertTrue(Arrays.equals(Formats.BLOB.encode(one), Formats.BLOB.encode(two)));
  }

  @Test
  void truncatedRecordsAreDataLoss() {
    for (Sample<?> sample : SAMPLES) {
      byte[] bytes = sample.encoded();
      for (int length = 0; length < bytes.length; length++) {
        byte[] cut = Arrays.copyOf(bytes, length);
        DataLossException damaged =
            assertThrows(DataLossException.class, () -> sample.decoded(cut));
        assertTrue(damaged.getMessage().contains(sample.key()), damaged::getMessage);
      }
    }
  }

  @Test
  void damagedRecordsAreDataLossOrAnotherRecordAndNothingElse() {
    Random random = new Random(1);
    for (Sample<?> sample : SAMPLES) {
      byte[] bytes = sample.encoded();
      for (int i = 0; i < 3000; i++) {
        byte[] damaged = bytes.clone();
        damaged[1 + random.nextInt(bytes.length - 1)] = (byte) random.nextInt();
        damaged[1 + random.nextInt(bytes.length - 1)] ^= (byte) (1 << random.nextInt(8));
        try {
          sample.decoded(damaged);
        } catch (DataLossException e) {
          // As it should be.
        }
      }
    }
  }

  @Test
  void recordsOfANewerDaemonAreNotGuessedAt() {
    byte[] bytes = Formats.LEASE.encode(new Lease("l", Map.of(), TIME));
    bytes[0] = 2;
    var refused =
        assertThrows(FailedPreconditionException.class, () -> Formats.LEASE.decode("l", bytes));
    assertEquals(
        "lease \"l\": written by a newer version of the daemon (format 2)", refused.getMessage());
    bytes[0] = 0;
    assertThrows(DataLossException.class, () -> Formats.LEASE.decode("l", bytes));
  }

  @Test
  void storedFormIsFixed() {
    Lease lease = new Lease("l", Map.of("k", "v"), Instant.ofEpochSecond(1, 2));
    assertEquals("01020402026b0276", HexFormat.of().formatHex(Formats.LEASE.encode(lease)));
  }
}
