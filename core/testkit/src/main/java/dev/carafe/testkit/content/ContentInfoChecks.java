package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is known of blobs. */
abstract class ContentInfoChecks extends ContentChecks {
  ContentInfoChecks(ContentStoreConformance suite) {
    super(suite);
  }

  private Digest labelled(String text, Map<String, String> labels) {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer(text));
      return writer.commit(0, null, labels);
    }
  }

  @Test
  @DisplayName("CONT-INFO-01 forEach visits each blob once, as info shows it")
  void forEachVisitsAll() {
    Set<Digest> expected = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      expected.add(blob("blob " + i));
    }
    ingest("unfinished", "x");

    Map<Digest, BlobInfo> seen = blobs();

    assertEquals(expected, seen.keySet());
    seen.forEach((digest, info) -> assertEquals(store.info(digest), info));
  }

  @Test
  @DisplayName("CONT-INFO-02 a visitor may delete what it visits")
  void visitorMayDelete() {
    for (int i = 0; i < 50; i++) {
      blob("blob " + i);
    }
    store.forEachBlob(info -> store.delete(info.digest()));
    assertEquals(Map.of(), blobs());
  }

  @Test
  @DisplayName("CONT-INFO-03 a deleted blob is not found, and can be written again")
  void deletedBlobCanComeBack() {
    Digest digest = blob("hello");

    store.delete(digest);

    assertThrows(NotFoundException.class, () -> store.info(digest));
    assertThrows(NotFoundException.class, () -> store.open(digest));
    assertThrows(NotFoundException.class, () -> store.delete(digest));
    assertEquals(Map.of(), blobs());
    assertBlob(bytes("hello"), blob("hello"));
  }

  @Test
  @DisplayName("CONT-INFO-04 labels of the commit are kept, or none are shown")
  void labelsAreKept() {
    Digest digest = labelled("hello", Map.of("a", "1"));

    Map<String, String> expected = harness.keepsLabels() ? Map.of("a", "1") : NONE;
    assertEquals(expected, store.info(digest).labels());
  }

  @Test
  @DisplayName("CONT-INFO-05 an update replaces the labels, or is refused")
  void updateReplacesLabels() {
    Digest digest = labelled("hello", Map.of("a", "1", "b", "2"));
    BlobInfo before = store.info(digest);
    if (!harness.keepsLabels()) {
      assertThrows(
          UnimplementedException.class, () -> store.updateLabels(digest, _ -> Map.of("c", "3")));
      assertEquals(before, store.info(digest));
      return;
    }

    BlobInfo changed =
        store.updateLabels(
            digest,
            labels -> {
              Map<String, String> more = new HashMap<>(labels);
              more.remove("a");
              more.put("c", "3");
              return more;
            });

    assertEquals(Map.of("b", "2", "c", "3"), changed.labels());
    assertEquals(changed, store.info(digest));
    assertEquals(before.createdAt(), changed.createdAt());
    assertTrue(!changed.updatedAt().isBefore(before.updatedAt()));
    assertBlob(bytes("hello"), digest);
  }
}
