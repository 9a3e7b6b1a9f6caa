package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is refused, and what a refusal leaves. */
abstract class ContentFailureChecks extends ContentChecks {
  private static final Digest UNKNOWN = Digest.of(bytes("never written"));

  ContentFailureChecks(ContentStoreConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("CONT-FAIL-01 an unknown digest is not found, by any call")
  void unknownDigestIsNotFound() {
    var notFound = assertThrows(NotFoundException.class, () -> store.info(UNKNOWN));
    assertTrue(notFound.getMessage().contains(UNKNOWN.toString()), notFound::getMessage);
    assertThrows(NotFoundException.class, () -> store.open(UNKNOWN));
    assertThrows(NotFoundException.class, () -> store.delete(UNKNOWN));
    if (harness.keepsLabels()) {
      assertThrows(NotFoundException.class, () -> store.updateLabels(UNKNOWN, labels -> labels));
    }
  }

  @Test
  @DisplayName("CONT-FAIL-02 an unknown ref is not found, by any call")
  void unknownRefIsNotFound() {
    assertThrows(NotFoundException.class, () -> store.status("unknown"));
    assertThrows(NotFoundException.class, () -> store.abort("unknown"));
    assertEquals(List.of(), store.ingests());
  }

  @Test
  @DisplayName("CONT-FAIL-03 a wrong size is refused, and the ingest stays")
  void wrongSizeIsRefused() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("hello"));
      var refused =
          assertThrows(FailedPreconditionException.class, () -> writer.commit(6, null, NONE));
      assertTrue(refused.getMessage().startsWith("unexpected commit size"), refused::getMessage);
      assertEquals(5, store.status("ref").offset());
      writer.write(buffer("!"));
      writer.commit(6, null, NONE);
    }
    assertBlob(bytes("hello!"), Digest.of(bytes("hello!")));
  }

  @Test
  @DisplayName("CONT-FAIL-04 a wrong digest is refused, and the ingest stays")
  void wrongDigestIsRefused() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("hello"));
      var refused =
          assertThrows(FailedPreconditionException.class, () -> writer.commit(5, UNKNOWN, NONE));
      assertTrue(refused.getMessage().startsWith("unexpected commit digest"), refused::getMessage);
    }
    assertEquals(Map.of(), blobs());
    try (ContentWriter writer = writer("ref")) {
      assertEquals(5, writer.status().offset());
      writer.truncate();
      writer.write(buffer("never written"));
      writer.commit(13, UNKNOWN, NONE);
    }
  }

  @Test
  @DisplayName("CONT-FAIL-05 a writer commits once")
  void writerCommitsOnce() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("hello"));
      writer.commit(5, null, NONE);
      assertThrows(FailedPreconditionException.class, () -> writer.commit(5, null, NONE));
      assertThrows(FailedPreconditionException.class, () -> writer.write(buffer("x")));
    }
    assertBlob(bytes("hello"), Digest.of(bytes("hello")));
  }

  @Test
  @DisplayName("CONT-FAIL-06 a closed writer writes nothing and commits nothing")
  void closedWriterIsClosed() {
    ContentWriter writer = writer("ref");
    writer.write(buffer("hello"));
    writer.close();

    assertThrows(FailedPreconditionException.class, () -> writer.write(buffer("x")));
    assertThrows(FailedPreconditionException.class, writer::truncate);
    assertThrows(FailedPreconditionException.class, () -> writer.commit(5, null, NONE));
    assertEquals(5, store.status("ref").offset());
    assertEquals(Map.of(), blobs());
  }

  @Test
  @DisplayName("CONT-FAIL-07 the bytes of a blob that is there are refused, and the ingest goes")
  void presentBlobIsRefused() {
    Digest digest = blob("hello");
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("hello"));
      var refused =
          assertThrows(AlreadyExistsException.class, () -> writer.commit(5, digest, NONE));
      assertTrue(refused.getMessage().contains(digest.toString()), refused::getMessage);
    }
    assertEquals(List.of(), store.ingests());
    assertBlob(bytes("hello"), digest);
  }

  @Test
  @DisplayName("CONT-FAIL-08 no writer is opened for a blob that is there")
  void noWriterForPresentBlob() {
    Digest digest = blob("hello");
    assertThrows(AlreadyExistsException.class, () -> writer("ref", 5, digest));
    assertEquals(List.of(), store.ingests());
    writer("ref", 0, null).close();
  }

  @Test
  @DisplayName("CONT-FAIL-09 an interrupted write or commit hurts no later one")
  void interruptHurtsNoLaterCall() {
    try (ContentWriter writer = writer("ref")) {
      interrupted(() -> writer.write(buffer("hello")));
    }
    try (ContentWriter writer = writer("ref")) {
      writer.truncate();
      writer.write(buffer("hello"));
      interrupted(() -> writer.commit(5, null, NONE));
    }
    if (!blobs().containsKey(Digest.of(bytes("hello")))) {
      try (ContentWriter writer = writer("ref")) {
        assertEquals(5, writer.status().offset());
        writer.commit(5, Digest.of(bytes("hello")), NONE);
      }
    }
    assertBlob(bytes("hello"), Digest.of(bytes("hello")));
    assertEquals(List.of(), store.ingests());
  }

  private static void interrupted(Runnable call) {
    Thread.currentThread().interrupt();
    try {
      call.run();
    } catch (RuntimeException e) {
      // Giving up is as good as going on.
    } finally {
      Thread.interrupted();
    }
  }
}
