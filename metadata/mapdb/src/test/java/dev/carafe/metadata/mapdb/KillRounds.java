package dev.carafe.metadata.mapdb;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.testkit.Trees;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Rounds of {@code kill -9} in a commit loop. A child commits with four threads and reports each
 * commit that returned; the parent kills it at a random moment, opens the database and checks that
 * every reported commit is there, whole. The database is the same in all rounds.
 *
 * <p>Arguments of main: a directory and the number of rounds.
 */
final class KillRounds {
  private static final int THREADS = 4;
  private static final int RECORD = 1 + Long.BYTES;
  private static final MapdbConfig SMALL = new MapdbConfig(128 << 10, 64 << 10, 16 << 10, 1 << 20);

  private final Path directory;
  private final Random random;
  private final long[] reported = new long[THREADS];
  private long commits;
  private long checkpoint;
  private long checkpoints;
  private long unfinished;

  KillRounds(Path directory, long seed) {
    this.directory = directory;
    this.random = new Random(seed);
  }

  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory(Path.of(arguments[0]), "kill-rounds-");
    int rounds = Integer.parseInt(arguments[1]);
    var kill = new KillRounds(directory, System.nanoTime());
    try {
      for (int round = 1; round <= rounds; round++) {
        kill.round();
        if (round % 50 == 0) {
          System.out.printf(
              "%d rounds: %d commits, %d rounds behind a new checkpoint, %d within one,"
                  + " nothing lost%n",
              round, kill.commits, kill.checkpoints, kill.unfinished);
        }
      }
    } finally {
      Trees.delete(directory);
    }
  }

  /**
   * One child, killed and examined.
   *
   * @throws AssertionError if a commit was lost or is there in part
   */
  void round() throws IOException, InterruptedException {
    Process child = Child.start(List.of(), Committer.class, directory.toString());
    try {
      var in = new DataInputStream(child.getInputStream());
      // The first report shows that the loop runs.
      read(in);
      int longest = random.nextInt(4) == 0 ? 1_000_000 : 100_000;
      long end = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(random.nextInt(longest));
      while (System.nanoTime() < end) {
        while (in.available() >= RECORD) {
          read(in);
        }
        Thread.onSpinWait();
      }
      // Not by the process, which would close the stream.
      child.toHandle().destroyForcibly();
      drain(in);
    } finally {
      child.destroyForcibly().waitFor();
    }
    check();
  }

  private void read(DataInputStream in) throws IOException {
    int thread = in.readByte();
    reported[thread] = in.readLong();
  }

  private void drain(DataInputStream in) throws IOException {
    var rest = new ByteArrayOutputStream();
    in.transferTo(rest);
    var records = ByteBuffer.wrap(rest.toByteArray());
    while (records.remaining() >= RECORD) {
      reported[records.get()] = records.getLong();
    }
  }

  private void check() throws IOException {
    try (var database = MapdbDatabase.open(directory, SMALL)) {
      database.view(tx -> {
        for (int thread = 0; thread < THREADS; thread++) {
          check(tx, thread);
        }
        return null;
      });
      commits = database.stats().revision();
    }
    Manifest manifest = Manifest.read(new Layout(directory));
    checkpoints += manifest.checkpoint() > checkpoint ? 1 : 0;
    unfinished += manifest.lastSegment() > manifest.firstSegment() ? 1 : 0;
    checkpoint = manifest.checkpoint();
  }

  /** Each transaction of a thread writes its number in many places. */
  private void check(ReadTransaction tx, int thread) {
    Bucket bucket = tx.bucket("thread " + thread);
    if (bucket == null) {
      require(reported[thread] == 0, thread, "nothing found");
      return;
    }
    long number = number(bucket.get("number"));
    require(
        number == reported[thread] || number == reported[thread] + 1, thread, "found " + number);
    require(bucket.sequence() == number, thread, "sequence " + bucket.sequence());
    reported[thread] = number;
    Bucket ring = bucket.bucket("ring");
    require(ring != null && number(ring.get("slot " + number % 50)) == number, thread, "ring");
    int[] slots = {0};
    if (ring != null) {
      ring.forEach(
          KeyRange.ALL,
          (_, value) -> {
            long slot = number(value);
            require(slot > number - 50 && slot <= number, thread, "slot " + slot);
            slots[0]++;
            return true;
          });
    }
    require(slots[0] == Math.min(50, number), thread, slots[0] + " slots");
    Bucket latest = bucket.bucket("latest");
    require(
        latest != null && latest.bucketNames().equals(List.of("bucket " + number)),
        thread,
        "latest");
  }

  private void require(boolean holds, int thread, String what) {
    if (!holds) {
      throw new AssertionError(
          "thread %d, reported %d: %s".formatted(thread, reported[thread], what));
    }
  }

  private static long number(byte[] value) {
    return value == null ? 0 : ByteBuffer.wrap(value).getLong();
  }

  /** The child: commits until it is killed. */
  static final class Committer {
    private Committer() {}

    public static void main(String[] arguments) {
      // Deliberately not closed: it ends by a kill.
      var database = MapdbDatabase.open(Path.of(arguments[0]), SMALL);
      var out = new FileOutputStream(FileDescriptor.out);
      for (int i = 0; i < THREADS; i++) {
        byte thread = (byte) i;
        Thread.ofPlatform().start(() -> commit(database, thread, out));
      }
    }

    private static void commit(MapdbDatabase database, byte thread, FileOutputStream out) {
      while (true) {
        long number =
            database.update(tx -> {
              WritableBucket bucket = tx.createBucketIfAbsent("thread " + thread);
              long next = bucket.nextSequence();
              byte[] value = ByteBuffer.allocate(200).putLong(next).array();
              bucket.put("number", value);
              bucket.createBucketIfAbsent("ring").put("slot " + next % 50, value);
              WritableBucket latest = bucket.createBucketIfAbsent("latest");
              latest.deleteBucket("bucket " + (next - 1));
              latest.createBucket("bucket " + next).put("inner", value);
              return next;
            });
        byte[] record = ByteBuffer.allocate(RECORD).put(thread).putLong(number).array();
        try {
          // One write of nine bytes: pipes keep those whole.
          out.write(record);
        } catch (IOException e) {
          return;
        }
      }
    }
  }
}
