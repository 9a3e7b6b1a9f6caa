package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Values and buckets. */
abstract class DatabaseTreeChecks extends DatabaseChecks {
  DatabaseTreeChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("META-TREE-01 a new database is empty and at revision 0")
  void newDatabaseIsEmpty() {
    database.view(tx -> {
      assertEquals(0, tx.revision());
      assertTrue(tx.root().isEmpty());
      assertEquals(List.of(), tx.root().bucketNames());
      assertNull(tx.bucket("a"));
      return null;
    });
  }

  @Test
  @DisplayName("META-TREE-02 values are kept, replaced and deleted")
  void valuesAreKept() {
    put("k", "one", "a", "b");
    assertEquals("one", value("k", "a", "b"));
    put("k", "two", "a", "b");
    assertEquals("two", value("k", "a", "b"));
    assertTrue(database.<Boolean>update(tx -> tx.createBucketIfAbsent("a", "b").delete("k")));
    assertNull(value("k", "a", "b"));
    assertFalse(database.<Boolean>update(tx -> tx.createBucketIfAbsent("a", "b").delete("k")));
  }

  @Test
  @DisplayName("META-TREE-03 an empty value is a value")
  void emptyValueIsAValue() {
    put("k", "", "a");
    assertEquals("", value("k", "a"));
  }

  @Test
  @DisplayName("META-TREE-04 arrays are copied on the way in and on the way out")
  void arraysAreCopied() {
    byte[] given = bytes("value");
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      bucket.put("k", given);
      given[0] = 'X';
      byte[] read = bucket.get("k");
      assertNotNull(read);
      read[1] = 'X';
    });
    database.view(tx -> {
      byte[] read = present(tx.bucket("a")).get("k");
      assertNotNull(read);
      read[2] = 'X';
      return null;
    });
    assertEquals("value", value("k", "a"));
  }

  @Test
  @DisplayName("META-TREE-05 the root takes values too")
  void rootTakesValues() {
    put("k", "v");
    assertEquals("v", value("k"));
  }

  @Test
  @DisplayName("META-TREE-06 a deleted bucket takes all inside with it, and comes back empty")
  void deletedBucketTakesAllInside() {
    put("k", "v", "a", "b", "c");
    database.write(tx -> tx.createBucketIfAbsent("a", "b").nextSequence());
    put("k", "v", "other");
    assertTrue(database.<Boolean>update(tx -> tx.createBucketIfAbsent("a").deleteBucket("b")));
    assertFalse(database.<Boolean>update(tx -> tx.createBucketIfAbsent("a").deleteBucket("b")));
    assertNull(database.view(tx -> tx.bucket("a", "b")));
    database.write(tx -> tx.createBucketIfAbsent("a", "b"));
    database.view(tx -> {
      assertTrue(present(tx.bucket("a", "b")).isEmpty());
      assertEquals(0, present(tx.bucket("a", "b")).sequence());
      return null;
    });
    assertEquals("v", value("k", "other"));
  }

  @Test
  @DisplayName("META-TREE-07 a bucket deleted and created in one transaction is empty")
  void recreatedBucketIsEmpty() {
    put("k", "v", "a", "b");
    database.write(tx -> {
      tx.root().deleteBucket("a");
      assertNull(tx.bucket("a"));
      assertTrue(tx.root().createBucket("a").isEmpty());
    });
    assertNull(value("k", "a", "b"));
    assertNotNull(database.view(tx -> tx.bucket("a")));
  }

  @Test
  @DisplayName("META-TREE-08 a bucket is empty when neither values nor buckets are left")
  void emptinessCountsBoth() {
    database.write(tx -> {
      WritableBucket bucket = tx.root().createBucket("a");
      bucket.nextSequence();
      assertTrue(bucket.isEmpty());
      bucket.put("k", bytes("v"));
      assertFalse(bucket.isEmpty());
      bucket.delete("k");
      assertTrue(bucket.isEmpty());
      bucket.createBucket("b");
      assertFalse(bucket.isEmpty());
    });
    assertFalse(database.<Boolean>view(tx -> present(tx.bucket("a")).isEmpty()));
    database.write(tx -> tx.createBucketIfAbsent("a").deleteBucket("b"));
    assertTrue(database.<Boolean>view(tx -> present(tx.bucket("a")).isEmpty()));
  }

  @Test
  @DisplayName("META-TREE-09 sequences count from 1, each bucket its own")
  void sequencesCountFromOne() {
    assertEquals(1, database.<Long>update(tx -> tx.createBucketIfAbsent("a").nextSequence()));
    assertEquals(2, database.<Long>update(tx -> tx.createBucketIfAbsent("a").nextSequence()));
    assertEquals(1, database.<Long>update(tx -> tx.createBucketIfAbsent("b").nextSequence()));
    assertEquals(1, database.<Long>update(tx -> tx.root().nextSequence()));
    assertEquals(2, database.<Long>view(tx -> present(tx.bucket("a")).sequence()));
  }

  @Test
  @DisplayName("META-TREE-10 the longest key and the largest value are taken")
  void longestAreTaken() {
    String key = "k".repeat(MetadataDatabase.MAX_KEY_BYTES);
    byte[] value = new byte[MetadataDatabase.MAX_VALUE_BYTES];
    new Random(1).nextBytes(value);
    database.write(tx -> tx.createBucketIfAbsent(key).put(key, value));
    database.view(tx -> {
      assertArrayEquals(value, present(tx.bucket(key)).get(key));
      return null;
    });
  }

  @Test
  @DisplayName("META-TREE-11 reading a key that cannot exist finds nothing")
  void impossibleKeysAreAbsent() {
    put("?", "v", "a");
    database.view(tx -> {
      assertNull(present(tx.bucket("a")).get(""));
      assertNull(present(tx.bucket("a")).get("\ud800"));
      assertNull(present(tx.bucket("a")).bucket("\ud800"));
      assertNull(present(tx.bucket("a")).get("k".repeat(MetadataDatabase.MAX_KEY_BYTES + 1)));
      return null;
    });
  }

  @Test
  @DisplayName("META-TREE-12 buckets nest as deep as promised")
  void bucketsNestDeep() {
    String[] path = new String[MetadataDatabase.MAX_DEPTH];
    Arrays.fill(path, "b");
    put("k", "v", path);
    assertEquals("v", value("k", path));
  }
}
