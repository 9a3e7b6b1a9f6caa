package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.metadata.WriteTransaction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** All or nothing, before and after. */
abstract class DatabaseTransactionChecks extends DatabaseChecks {
  DatabaseTransactionChecks(MetadataDatabaseConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("META-TRAN-01 results are passed on, null too")
  void resultsArePassedOn() {
    assertEquals("x", database.update(_ -> "x"));
    assertEquals("x", database.view(_ -> "x"));
    assertNull(database.<@Nullable String>view(_ -> null));
  }

  @Test
  @DisplayName("META-TRAN-02 an update that throws leaves nothing behind")
  void throwingUpdateLeavesNothing() {
    put("k", "old", "a");
    database.write(tx -> tx.createBucketIfAbsent("a").nextSequence());
    var before = dump(database);
    var thrown = new NotFoundException("thrown");
    assertSame(
        thrown,
        assertThrows(
            NotFoundException.class,
            () ->
                database.write(tx -> {
                  WritableBucket bucket = tx.createBucketIfAbsent("a");
                  bucket.put("k", bytes("new"));
                  bucket.put("k2", bytes("new"));
                  bucket.createBucket("b").put("k", bytes("new"));
                  bucket.nextSequence();
                  tx.root().deleteBucket("a");
                  throw thrown;
                })));
    assertEquals(before, dump(database));
    assertEquals(2, database.<Long>update(tx -> tx.createBucketIfAbsent("a").nextSequence()));
  }

  @Test
  @DisplayName("META-TRAN-03 a view does not see what is committed after it began")
  void viewSeesOneRevision() {
    put("k", "old", "a");
    database.view(tx -> {
      long revision = tx.revision();
      Bucket bucket = present(tx.bucket("a"));
      put("k", "new", "a");
      put("k", "new", "b");
      assertEquals("old", text(bucket.get("k")));
      assertNull(tx.bucket("b"));
      assertEquals(revision, tx.revision());
      return null;
    });
    assertEquals("new", value("k", "a"));
  }

  @Test
  @DisplayName("META-TRAN-04 a view inside an update does not see its changes")
  void viewInsideUpdateSeesTheLastRevision() {
    put("k", "old", "a");
    database.write(tx -> {
      tx.createBucketIfAbsent("a").put("k", bytes("new"));
      assertEquals("old", value("k", "a"));
      assertEquals("new", valueIn(tx, "k", "a"));
    });
    assertEquals("new", value("k", "a"));
  }

  @Test
  @DisplayName("META-TRAN-05 an update inside an update is refused and harms neither")
  void nestedUpdateIsRefused() {
    database.write(tx -> {
      tx.createBucketIfAbsent("a").put("k", bytes("outer"));
      assertThrows(FailedPreconditionException.class, () -> put("k", "inner", "b"));
      assertThrows(FailedPreconditionException.class, database::close);
    });
    assertEquals("outer", value("k", "a"));
    assertNull(value("k", "b"));
  }

  @Test
  @DisplayName("META-TRAN-06 revisions count the updates that changed something")
  void revisionsCount() {
    put("k", "v", "a");
    long first = database.view(ReadTransaction::revision);
    assertTrue(first > 0);
    put("k", "w", "a");
    assertEquals(first + 1, database.view(ReadTransaction::revision));
    assertEquals(first + 1, database.update(ReadTransaction::revision));
    assertEquals(first + 1, database.view(ReadTransaction::revision));
    assertEquals(first + 1, database.stats().revision());
  }

  @Test
  @DisplayName("META-TRAN-07 actions run after the commit, in order, and may use the database")
  void actionsRunAfterTheCommit() {
    var seen = new ArrayList<String>();
    database.write(tx -> {
      tx.createBucketIfAbsent("a").put("k", bytes("v"));
      tx.afterCommit(() -> seen.add("first sees " + value("k", "a")));
      tx.afterCommit(() -> {
        put("k2", "v2", "a");
        seen.add("second");
      });
      assertEquals(List.of(), seen);
    });
    assertEquals(List.of("first sees v", "second"), seen);
    assertEquals("v2", value("k2", "a"));
  }

  @Test
  @DisplayName("META-TRAN-08 actions of a failed update never run")
  void actionsOfAFailedUpdateNeverRun() {
    var seen = new ArrayList<String>();
    assertThrows(
        NotFoundException.class,
        () ->
            database.write(tx -> {
              tx.afterCommit(() -> seen.add("ran"));
              throw new NotFoundException("thrown");
            }));
    put("k", "v", "a");
    assertEquals(List.of(), seen);
  }

  @Test
  @DisplayName("META-TRAN-09 an action that throws neither undoes the commit nor stops the others")
  void throwingActionIsContained() {
    var seen = new ArrayList<String>();
    database.write(tx -> {
      tx.createBucketIfAbsent("a").put("k", bytes("v"));
      tx.afterCommit(() -> {
        throw new NotFoundException("thrown by an action, on purpose");
      });
      tx.afterCommit(() -> seen.add("ran"));
    });
    assertEquals(List.of("ran"), seen);
    assertEquals("v", value("k", "a"));
  }

  @Test
  @DisplayName("META-TRAN-10 transactions and buckets end with their function")
  void transactionsEnd() {
    var kept = new AtomicReference<WriteTransaction>();
    var bucket = new AtomicReference<WritableBucket>();
    database.write(tx -> {
      kept.set(tx);
      bucket.set(tx.createBucketIfAbsent("a"));
    });
    assertNotNull(kept.get());
    assertThrows(FailedPreconditionException.class, () -> kept.get().root().isEmpty());
    assertThrows(FailedPreconditionException.class, () -> bucket.get().get("k"));
    assertThrows(FailedPreconditionException.class, () -> bucket.get().put("k", bytes("v")));
    assertThrows(FailedPreconditionException.class, () -> kept.get().afterCommit(() -> {}));
    var viewed = new AtomicReference<Bucket>();
    database.view(tx -> {
      viewed.set(present(tx.bucket("a")));
      return null;
    });
    assertThrows(FailedPreconditionException.class, () -> viewed.get().isEmpty());
    assertNull(value("k", "a"));
  }
}
