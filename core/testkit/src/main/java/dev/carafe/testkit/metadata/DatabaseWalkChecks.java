package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Order, ranges, and changes under a walk. */
abstract class DatabaseWalkChecks extends DatabaseChecks {
  /** In the order of UTF-8; the last two are the other way round in UTF-16. */
  private static final List<String> ORDERED =
      List.of(
          "A",
          "a",
          "a/",
          "a/1",
          "a/2",
          "a0",
          "ab",
          "b",
          "\u00e4",
          "\u4e2d",
          "\uff5e",
          "\ud83d\ude00");

  DatabaseWalkChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  @BeforeEach
  void fill() {
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      bucket.nextSequence();
      ORDERED.reversed().forEach(key -> bucket.put(key, bytes("value of " + key)));
      bucket.createBucket("aa").put("inner", bytes("x"));
      bucket.createBucket("Z");
    });
  }

  private List<String> keys(KeyRange range) {
    return database.view(tx -> keys(present(tx.bucket("a")), range));
  }

  @Test
  @DisplayName("META-WALK-01 values come in the order of UTF-8, without buckets and sequences")
  void valuesComeInOrder() {
    assertEquals(ORDERED, keys(KeyRange.ALL));
    database.view(tx -> {
      present(tx.bucket("a")).forEach((key, value) -> assertEquals("value of " + key, text(value)));
      return null;
    });
  }

  @Test
  @DisplayName("META-WALK-02 buckets come in order, without values")
  void bucketsComeInOrder() {
    database.view(tx -> {
      assertEquals(List.of("Z", "aa"), present(tx.bucket("a")).bucketNames());
      var inner = new ArrayList<String>();
      present(tx.bucket("a"))
          .forEachBucket(
              KeyRange.withPrefix("a"), (_, bucket) -> inner.addAll(keys(bucket, KeyRange.ALL)));
      assertEquals(List.of("inner"), inner);
      return null;
    });
  }

  @Test
  @DisplayName("META-WALK-03 a range bounds the walk by prefix, by start, and by both")
  void rangesBound() {
    assertEquals(List.of("a/", "a/1", "a/2"), keys(KeyRange.withPrefix("a/")));
    assertEquals(
        List.of("b", "\u00e4", "\u4e2d", "\uff5e", "\ud83d\ude00"),
        keys(KeyRange.startingAt("aba")));
    assertEquals(List.of("a/2"), keys(new KeyRange("a/", "a/11")));
    assertEquals(List.of("a/", "a/1", "a/2"), keys(new KeyRange("a/", "A")));
    assertEquals(List.of(), keys(new KeyRange("a/", "b")));
    assertEquals(List.of(), keys(KeyRange.withPrefix("nothing")));
    assertEquals(ORDERED.subList(3, ORDERED.size()), keys(KeyRange.startingAt("a/1")));
    assertEquals(ORDERED.subList(4, ORDERED.size()), keys(KeyRange.after("a/1")));
  }

  @Test
  @DisplayName("META-WALK-04 the visitor stops the walk")
  void visitorStops() {
    database.view(tx -> {
      Bucket bucket = present(tx.bucket("a"));
      var seen = new ArrayList<String>();
      assertFalse(
          bucket.forEach(
              KeyRange.ALL,
              (key, _) -> {
                seen.add(key);
                return seen.size() < 2;
              }));
      assertEquals(ORDERED.subList(0, 2), seen);
      assertFalse(bucket.forEachBucket(KeyRange.ALL, (_, _) -> false));
      assertTrue(bucket.forEach(KeyRange.ALL, (_, _) -> true));
      return null;
    });
  }

  @Test
  @DisplayName("META-WALK-05 changes made during a walk do not disturb it")
  void changesDoNotDisturb() {
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      var seen = new ArrayList<String>();
      bucket.forEach(
          KeyRange.ALL,
          (key, _) -> {
            seen.add(key);
            bucket.delete(key);
            bucket.put(key + "~", bytes("new"));
            return true;
          });
      assertEquals(ORDERED, seen);
      assertEquals(ORDERED.size(), keys(bucket, KeyRange.ALL).size());
    });
  }

  @Test
  @DisplayName("META-WALK-06 a transaction walks over its own changes")
  void ownChangesAreSeen() {
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      bucket.delete("A");
      bucket.put("c", bytes("new"));
      bucket.deleteBucket("Z");
      assertEquals(List.of("b", "c"), keys(bucket, new KeyRange("", "b")).subList(0, 2));
      assertEquals("a", keys(bucket, KeyRange.ALL).getFirst());
      assertEquals(List.of("aa"), bucket.bucketNames());
    });
    assertEquals("a", keys(KeyRange.ALL).getFirst());
  }
}
