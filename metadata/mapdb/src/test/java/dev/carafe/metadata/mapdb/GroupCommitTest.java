package dev.carafe.metadata.mapdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who shares a force, and who sees what before it. */
@ExtendWith(LeakCheck.class)
class GroupCommitTest {
  private static final int THREADS = 16;
  private static final MapdbConfig MANUAL = new MapdbConfig(256 << 20, 1 << 20, 512, 1 << 20);

  /** Holds writes of records back until told. */
  private static final class StallingDisk extends ForwardingDisk implements AutoCloseable {
    private final Semaphore arrived = new Semaphore(0);
    private final Semaphore released = new Semaphore(0);
    private volatile boolean stalling;

    /** Lets everything pass, so that a test that fails can close its database. */
    @Override
    public void close() {
      stalling = false;
      released.release(1000);
    }

    @Override
    void before(Kind kind, Path path, long position, byte[] bytes, int length) {
      if (stalling && kind == Kind.WRITE_DURABLE) {
        arrived.release();
        released.acquireUninterruptibly();
      }
    }
  }

  private static Thread start(List<Thread> threads, Runnable work) {
    Thread thread = Thread.ofPlatform().start(work);
    threads.add(thread);
    return thread;
  }

  private static void await(Semaphore semaphore) throws InterruptedException {
    assertTrue(semaphore.tryAcquire(60, TimeUnit.SECONDS));
  }

  @Test
  void nothingIsVisibleBeforeItIsForced(WorkDirectory work)
      throws IOException, InterruptedException {
    var disk = new StallingDisk();
    var threads = new ArrayList<Thread>();
    try (var database = MapdbDatabase.open(work.path().resolve("database"), MANUAL, disk);
        disk) {
      disk.stalling = true;
      Thread writer = start(threads, () -> database.write(tx -> tx.root().put("k", new byte[1])));
      await(disk.arrived);
      assertTrue(database.<Boolean>view(tx -> tx.root().isEmpty()));
      assertEquals(0, database.<Long>view(ReadTransaction::revision));
      assertTrue(writer.isAlive());
      // A second update builds on the first, which it sees; others see neither.
      var seen = new CountDownLatch(1);
      Thread second =
          start(
              threads,
              () ->
                  database.write(tx -> {
                    assertFalse(tx.root().isEmpty());
                    tx.root().put("k2", new byte[1]);
                    seen.countDown();
                  }));
      assertTrue(seen.await(60, TimeUnit.SECONDS));
      assertTrue(database.<Boolean>view(tx -> tx.root().isEmpty()));
      disk.stalling = false;
      disk.released.release(2);
      writer.join();
      second.join();
      assertEquals(2, database.<Long>view(ReadTransaction::revision));
    }
  }

  @Test
  void updateThatOnlyReadsWaitsForWhatItRead(WorkDirectory work)
      throws IOException, InterruptedException {
    var disk = new StallingDisk();
    var threads = new ArrayList<Thread>();
    try (var database = MapdbDatabase.open(work.path().resolve("database"), MANUAL, disk);
        disk) {
      disk.stalling = true;
      start(threads, () -> database.write(tx -> tx.root().put("k", new byte[1])));
      await(disk.arrived);
      var returned = new CountDownLatch(1);
      var read = new CountDownLatch(1);
      Thread reader =
          start(
              threads,
              () -> {
                boolean empty =
                    database.update(tx -> {
                      read.countDown();
                      return tx.root().isEmpty();
                    });
                assertFalse(empty);
                assertFalse(database.<Boolean>view(tx -> tx.root().isEmpty()));
                returned.countDown();
              });
      assertTrue(read.await(60, TimeUnit.SECONDS));
      while (reader.getState() != Thread.State.WAITING) {
        assertTrue(reader.isAlive());
        Thread.yield();
      }
      assertEquals(1, returned.getCount());
      disk.stalling = false;
      disk.released.release();
      assertTrue(returned.await(60, TimeUnit.SECONDS));
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  @Test
  void threadsThatWaitShareAForce(WorkDirectory work) throws IOException, InterruptedException {
    var disk = new StallingDisk();
    var threads = new ArrayList<Thread>();
    try (var database = MapdbDatabase.open(work.path().resolve("database"), MANUAL, disk);
        disk) {
      disk.stalling = true;
      start(threads, () -> database.write(tx -> tx.root().put("first", new byte[1])));
      await(disk.arrived);
      var queued = new Semaphore(0);
      for (int i = 0; i < THREADS; i++) {
        String key = "k" + i;
        start(
            threads,
            () ->
                database.write(tx -> {
                  tx.root().put(key, new byte[1]);
                  queued.release();
                }));
      }
      assertTrue(queued.tryAcquire(THREADS, 60, TimeUnit.SECONDS));
      // The last function has run; an update of this thread returns from its own only behind it.
      disk.released.release();
      await(disk.arrived);
      assertEquals(1, database.<Long>view(ReadTransaction::revision));
      disk.stalling = false;
      disk.released.release();
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(1 + THREADS, database.stats().commits());
      assertTrue(database.stats().forces() <= 3, () -> database.stats().toString());
    }
  }

  @Test
  void sixteenThreadsLoseNothing(WorkDirectory work) throws IOException, InterruptedException {
    Path directory = work.path().resolve("database");
    var config = new MapdbConfig(64 << 10, 16 << 10, 512, 1 << 20);
    int rounds = 300;
    var failures = new AtomicInteger();
    try (var database = MapdbDatabase.open(directory, config)) {
      var threads = new ArrayList<Thread>();
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        start(
            threads,
            () -> {
              for (int round = 1; round <= rounds; round++) {
                byte[] value = Integer.toString(round).getBytes();
                database.write(tx -> {
                  tx.createBucketIfAbsent("thread").put("" + number, value);
                  tx.root().nextSequence();
                });
                String seen = database.view(tx -> new String(tx.bucket("thread").get("" + number)));
                if (!seen.equals("" + round)) {
                  failures.incrementAndGet();
                }
              }
            });
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(0, failures.get());
      assertEquals(THREADS * rounds, database.stats().revision());
      database.awaitCheckpoint();
      assertTrue(database.stats().checkpoints() > 0);
    }
    try (var database = MapdbDatabase.open(directory, config)) {
      assertEquals(THREADS * rounds, database.<Long>view(tx -> tx.root().sequence()));
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        assertEquals(
            "" + rounds,
            database.<String>view(tx -> new String(tx.bucket("thread").get("" + number))));
      }
    }
  }
}
