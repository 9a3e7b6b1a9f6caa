package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a restart finds. */
abstract class ContentRecoveryChecks extends ContentChecks {
  ContentRecoveryChecks(ContentStoreConformance suite) {
    super(suite);
  }

  private void crash() {
    store = openAgain();
  }

  private void assertKept(Runnable restart) {
    Digest kept = blob("kept");
    Digest deleted = blob("deleted");
    store.delete(deleted);
    ingest("aborted", "x");
    store.abort("aborted");
    try (ContentWriter writer = writer("ref", 10, null)) {
      writer.write(buffer("hello"));
    }
    Map<Digest, BlobInfo> before = blobs();

    restart.run();

    if (!harness.survivesRestart()) {
      assertEquals(Map.of(), blobs());
      assertEquals(List.of(), store.ingests());
      return;
    }
    assertEquals(before, blobs());
    assertBlob(bytes("kept"), kept);
    assertThrows(NotFoundException.class, () -> store.info(deleted));
    assertEquals(1, store.ingests().size());
    assertEquals(10, store.status("ref").total());
    try (ContentWriter writer = writer("ref", 10, null)) {
      assertEquals(5, writer.status().offset());
      assertEquals(Digest.of(bytes("hello")), writer.digest());
      writer.write(buffer("world"));
      writer.commit(10, Digest.of(bytes("helloworld")), NONE);
    }
    assertEquals(List.of(), store.ingests());
  }

  @Test
  @DisplayName("CONT-RECO-01 blobs and ingests survive a restart, or, where declined, nothing does")
  void everythingSurvivesRestart() {
    assertKept(this::restart);
  }

  @Test
  @DisplayName("CONT-RECO-02 blobs and ingests survive a crash, or, where declined, nothing does")
  void everythingSurvivesCrash() {
    assertKept(this::crash);
  }

  @Test
  @DisplayName("CONT-RECO-03 an ingest goes on although its writer was never closed")
  void ingestGoesOnAfterCrash() {
    ContentWriter lost = writer("ref", 10, null);
    lost.write(buffer("hello"));

    crash();

    if (!harness.survivesRestart()) {
      assertEquals(List.of(), store.ingests());
      return;
    }
    try (ContentWriter writer = writer("ref", 10, null)) {
      assertEquals(5, writer.status().offset());
      writer.write(buffer("world"));
      writer.commit(10, Digest.of(bytes("helloworld")), NONE);
    }
    assertBlob(bytes("helloworld"), Digest.of(bytes("helloworld")));
  }

  @Test
  @DisplayName("CONT-RECO-04 an ingest whose writer was never closed can be aborted")
  void lostIngestCanBeAborted() {
    ContentWriter lost = writer("ref", 10, null);
    lost.write(buffer("hello"));

    crash();

    if (harness.survivesRestart()) {
      store.abort("ref");
    }
    assertEquals(List.of(), store.ingests());
  }
}
