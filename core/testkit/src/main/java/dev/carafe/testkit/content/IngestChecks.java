package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Blobs that are not finished. */
abstract class IngestChecks extends ContentChecks {
  IngestChecks(ContentStoreConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("CONT-INGE-01 a closed writer's ingest goes on where it stopped")
  void ingestGoesOn() {
    IngestStatus before;
    try (ContentWriter writer = writer("ref", 10, null)) {
      writer.write(buffer("hello"));
      before = writer.status();
    }
    try (ContentWriter writer = writer("ref", 10, null)) {
      IngestStatus resumed = writer.status();
      assertEquals(5, resumed.offset());
      assertEquals(10, resumed.total());
      assertEquals(before.startedAt().toEpochMilli(), resumed.startedAt().toEpochMilli());
      assertEquals(Digest.of(bytes("hello")), writer.digest());
      writer.write(buffer("world"));
      writer.commit(10, Digest.of(bytes("helloworld")), NONE);
    }
    assertBlob(bytes("helloworld"), Digest.of(bytes("helloworld")));
  }

  @Test
  @DisplayName("CONT-INGE-02 a resumed ingest is hashed with the algorithm that is expected now")
  void resumedIngestIsHashedAnew() {
    ingest("ref", "hello");
    Digest expected = sha512(bytes("helloworld"));
    try (ContentWriter writer = writer("ref", 0, expected)) {
      assertEquals(sha512(bytes("hello")), writer.digest());
      writer.write(buffer("world"));
      assertEquals(expected, writer.commit(10, expected, NONE));
    }
  }

  @Test
  @DisplayName("CONT-INGE-03 a resumed ingest can start over")
  void resumedIngestCanStartOver() {
    ingest("ref", "a long wrong start");
    try (ContentWriter writer = writer("ref")) {
      writer.truncate();
      writer.write(buffer("right"));
      writer.commit(5, Digest.of(bytes("right")), NONE);
    }
    assertBlob(bytes("right"), Digest.of(bytes("right")));
  }

  @Test
  @DisplayName("CONT-INGE-04 a total that contradicts the first one is refused")
  void contradictingTotalIsRefused() {
    writer("ref", 10, null).close();
    assertThrows(DaemonException.class, () -> writer("ref", 11, null));
    try (ContentWriter writer = writer("ref", 0, null)) {
      assertEquals(10, writer.status().total());
    }
  }

  @Test
  @DisplayName("CONT-INGE-05 ingests are listed, whether someone writes or not")
  void ingestsAreListed() {
    ingest("closed", "12345");
    ContentWriter open = writer("open", 100, null);
    open.write(buffer("123"));

    Map<String, Long> offsets =
        store.ingests().stream().collect(Collectors.toMap(IngestStatus::ref, IngestStatus::offset));
    assertEquals(Map.of("closed", 5L, "open", 3L), offsets);
    assertEquals(5, store.status("closed").offset());
    assertEquals(3, store.status("open").offset());
    assertEquals(100, store.status("open").total());
    open.close();
    assertEquals(3, store.status("open").offset());
  }

  @Test
  @DisplayName("CONT-INGE-06 refs are free text")
  void refsAreFreeText() {
    List<String> odd =
        List.of(
            "a/../../b", "..", "/", "%2e", "line\nbreak", "käse 🧀", "A", "a", "x".repeat(4096));
    for (String ref : odd) {
      ingest(ref, ref);
    }
    assertEquals(
        Set.copyOf(odd),
        store.ingests().stream().map(IngestStatus::ref).collect(Collectors.toSet()));
    for (String ref : odd) {
      try (ContentWriter writer = writer(ref)) {
        assertEquals(Digest.of(bytes(ref)), writer.digest());
      }
      store.abort(ref);
    }
    assertEquals(List.of(), store.ingests());
  }

  @Test
  @DisplayName("CONT-INGE-07 an aborted ingest is gone, and its ref starts anew")
  void abortedIngestIsGone() {
    ingest("ref", "hello");

    store.abort("ref");

    assertThrows(NotFoundException.class, () -> store.status("ref"));
    assertThrows(NotFoundException.class, () -> store.abort("ref"));
    assertEquals(List.of(), store.ingests());
    try (ContentWriter writer = writer("ref")) {
      assertEquals(0, writer.status().offset());
    }
  }

  @Test
  @DisplayName("CONT-INGE-08 a writer whose ingest was aborted cannot commit")
  void abortedWriterCannotCommit() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("hello"));
      store.abort("ref");
      assertThrows(DaemonException.class, () -> writer.commit(5, null, NONE));
    }
    assertEquals(Map.of(), blobs());
    assertEquals(List.of(), store.ingests());
    try (ContentWriter writer = writer("ref")) {
      assertEquals(0, writer.status().offset());
      writer.write(buffer("again"));
      writer.commit(5, null, NONE);
    }
  }

  @Test
  @DisplayName("CONT-INGE-09 one writer at a time holds a ref, and nobody waits")
  void oneWriterHoldsTheRef() {
    try (ContentWriter holder = writer("ref")) {
      holder.write(buffer("hello"));
      var locked = assertThrows(UnavailableException.class, () -> writer("ref"));
      assertTrue(locked.getMessage().contains("locked"), locked::getMessage);
      writer("another").close();
    }
    writer("ref").close();
  }

  @Test
  @DisplayName("CONT-INGE-10 writers may be closed twice, and hold nothing afterwards")
  void writersMayBeClosedTwice() {
    ContentWriter first = writer("ref");
    first.close();
    first.close();
    try (ContentWriter second = writer("ref")) {
      first.close();
      assertThrows(UnavailableException.class, () -> writer("ref"));
      second.write(buffer("x"));
    }
  }

  @Test
  @DisplayName("CONT-INGE-11 what is expected stays open to change until commit")
  void wrongGuessCanBeCorrected() {
    Digest wrong = Digest.of(bytes("something else"));
    try (ContentWriter writer = writer("ref", 0, wrong)) {
      writer.write(buffer("hello"));
      assertEquals(Digest.of(bytes("hello")), writer.commit(5, Digest.of(bytes("hello")), NONE));
    }
  }
}
