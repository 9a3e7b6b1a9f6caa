package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Each documented failure, and what it leaves behind. */
abstract class DatabaseFailureChecks extends DatabaseChecks {
  DatabaseFailureChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("META-FAIL-01 a key that names a bucket takes no value, and the other way round")
  void keyIsOneOrTheOther() {
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      bucket.createBucket("bucket");
      bucket.put("value", bytes("v"));
      assertNull(bucket.get("bucket"));
      assertNull(bucket.bucket("value"));
      assertThrows(FailedPreconditionException.class, () -> bucket.put("bucket", bytes("v")));
      assertThrows(FailedPreconditionException.class, () -> bucket.delete("bucket"));
      assertThrows(FailedPreconditionException.class, () -> bucket.createBucket("value"));
      assertThrows(FailedPreconditionException.class, () -> bucket.createBucketIfAbsent("value"));
      assertThrows(FailedPreconditionException.class, () -> bucket.deleteBucket("value"));
    });
    assertEquals("v", value("value", "a"));
    assertEquals(List.of("bucket"), database.view(tx -> present(tx.bucket("a")).bucketNames()));
  }

  @Test
  @DisplayName("META-FAIL-02 a bucket is created once")
  void bucketIsCreatedOnce() {
    put("k", "v", "a");
    database.write(tx -> {
      assertThrows(AlreadyExistsException.class, () -> tx.root().createBucket("a"));
      assertEquals("v", text(tx.root().createBucketIfAbsent("a").get("k")));
    });
  }

  @Test
  @DisplayName("META-FAIL-03 keys that are empty, too long or not well-formed are refused")
  void badKeysAreRefused() {
    database.write(tx -> {
      WritableBucket bucket = tx.createBucketIfAbsent("a");
      for (String key :
          List.of("", "\u00e4".repeat(MetadataDatabase.MAX_KEY_BYTES / 2) + "x", "x\udc00")) {
        assertThrows(InvalidArgumentException.class, () -> bucket.put(key, bytes("v")));
        assertThrows(InvalidArgumentException.class, () -> bucket.delete(key));
        assertThrows(InvalidArgumentException.class, () -> bucket.createBucket(key));
        assertThrows(InvalidArgumentException.class, () -> bucket.deleteBucket(key));
      }
    });
    assertEquals(List.of(), database.view(tx -> keys(present(tx.bucket("a")), KeyRange.ALL)));
  }

  @Test
  @DisplayName("META-FAIL-04 a value that is too long is refused")
  void longValueIsRefused() {
    database.write(tx ->
        assertThrows(
            InvalidArgumentException.class,
            () ->
                tx.createBucketIfAbsent("a")
                    .put("k", new byte[MetadataDatabase.MAX_VALUE_BYTES + 1])));
    assertNull(value("k", "a"));
  }

  @Test
  @DisplayName("META-FAIL-05 a transaction cannot grow without bound")
  void transactionIsBounded() {
    byte[] value = new byte[MetadataDatabase.MAX_VALUE_BYTES];
    assertThrows(
        ResourceExhaustedException.class,
        () ->
            database.write(tx -> {
              for (int i = 0; i < 64; i++) {
                tx.createBucketIfAbsent("a").put("k" + i, value);
              }
            }));
    assertNull(database.view(tx -> tx.bucket("a")));
    put("k", "v", "a");
    assertEquals("v", value("k", "a"));
  }

  @Test
  @DisplayName("META-FAIL-06 a bucket that was deleted is not used any more")
  void deletedBucketIsNotUsed() {
    database.write(tx -> {
      WritableBucket outer = tx.createBucketIfAbsent("a");
      WritableBucket inner = tx.createBucketIfAbsent("a", "b");
      tx.root().deleteBucket("a");
      assertThrows(FailedPreconditionException.class, outer::isEmpty);
      assertThrows(FailedPreconditionException.class, () -> inner.get("k"));
      assertThrows(FailedPreconditionException.class, () -> inner.put("k", bytes("v")));
      tx.createBucketIfAbsent("a", "b");
      assertThrows(FailedPreconditionException.class, () -> inner.put("k", bytes("v")));
    });
    assertNull(value("k", "a", "b"));
  }

  @Test
  @DisplayName("META-FAIL-07 buckets cannot nest without bound")
  void nestingIsBounded() {
    database.write(tx -> {
      WritableBucket bucket = tx.root();
      for (int i = 0; i < MetadataDatabase.MAX_DEPTH; i++) {
        bucket = bucket.createBucket("b");
      }
      WritableBucket deepest = bucket;
      assertThrows(InvalidArgumentException.class, () -> deepest.createBucket("b"));
    });
  }

  @Test
  @DisplayName("META-FAIL-08 a closed database refuses, and closes twice")
  void closedDatabaseRefuses() {
    put("k", "v", "a");
    database.close();
    database.close();
    assertThrows(UnavailableException.class, () -> value("k", "a"));
    assertThrows(UnavailableException.class, () -> put("k", "v", "a"));
    assertEquals(1, database.stats().revision());
  }
}
