package dev.carafe.metadata.mapdb;

import dev.carafe.spi.metadata.KeyRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Prints commit latency alone, commits per second with 16 threads, and open times with 100,000
 * records. Takes a directory, which should be on the disk that matters.
 */
final class DatabaseBench {
  private static final int RECORDS = 100_000;

  private DatabaseBench() {}

  public static void main(String[] arguments) throws Exception {
    Path base = Files.createTempDirectory(Path.of(arguments[0]), "database-bench-");
    try {
      latency(base.resolve("latency"));
      throughput(base.resolve("throughput"));
      openTimes(base.resolve("open"));
    } finally {
      delete(base);
    }
  }

  /** For a fresh JVM: what one open and one read cost. Prints milliseconds. */
  static final class Open {
    private Open() {}

    public static void main(String[] arguments) {
      long start = System.nanoTime();
      try (var database = MapdbDatabase.open(Path.of(arguments[0]), MapdbConfig.DEFAULT)) {
        long opened = System.nanoTime();
        database.view(tx -> tx.root().bucketNames().size());
        System.out.printf(
            "open %.1f ms, first read %.1f ms%n",
            (opened - start) / 1e6, (System.nanoTime() - opened) / 1e6);
      }
    }
  }

  private static void latency(Path directory) {
    try (var database = MapdbDatabase.open(directory, MapdbConfig.DEFAULT)) {
      byte[] value = new byte[200];
      int count = 20_000;
      long[] times = new long[count];
      for (int i = 0; i < count; i++) {
        new Random(i).nextBytes(value);
        String key = "key " + i % 1000;
        long start = System.nanoTime();
        database.write(tx -> tx.createBucketIfAbsent("a").put(key, value));
        times[i] = System.nanoTime() - start;
      }
      print("commit alone", times);
    }
  }

  private static void print(String what, long[] times) {
    Arrays.sort(times);
    System.out.printf(
        "%s: p50 %.3f ms, p99 %.3f ms, max %.1f ms%n",
        what,
        times[times.length / 2] / 1e6,
        times[times.length * 99 / 100] / 1e6,
        times[times.length - 1] / 1e6);
  }

  private static void throughput(Path directory) throws Exception {
    for (boolean virtual : new boolean[] {false, true}) {
      try (var database = MapdbDatabase.open(directory.resolve("" + virtual), MapdbConfig.DEFAULT);
          var threads =
              virtual
                  ? Executors.newVirtualThreadPerTaskExecutor()
                  : Executors.newFixedThreadPool(16)) {
        int each = 20_000;
        for (int round = 0; round < 2; round++) {
          long forces = database.stats().forces();
          long start = System.nanoTime();
          var running =
              IntStream.range(0, 16)
                  .<Future<?>>mapToObj(thread ->
                      threads.submit(() -> {
                        byte[] value = new byte[200];
                        Arrays.fill(value, (byte) thread);
                        for (int i = 0; i < each; i++) {
                          String key = "key " + i % 1000;
                          database.write(
                              tx -> tx.createBucketIfAbsent("a" + thread).put(key, value));
                        }
                      }))
                  .toList();
          for (Future<?> one : running) {
            one.get();
          }
          double seconds = (System.nanoTime() - start) / 1e9;
          System.out.printf(
              "16 %s threads: %.0f commits/s, %.1f per force, %d checkpoints%n",
              virtual ? "virtual" : "platform",
              16 * each / seconds,
              16.0 * each / (database.stats().forces() - forces),
              database.stats().checkpoints());
        }
      }
    }
  }

  private static void openTimes(Path directory) throws Exception {
    var large = new MapdbConfig(256 << 20, 1 << 20, 256 << 10, 32 << 20);
    try (var database = MapdbDatabase.open(directory, large)) {
      fill(database);
    }
    for (int i = 0; i < 3; i++) {
      fresh("100,000 records in the journal", directory);
    }
    try (var database =
        MapdbDatabase.open(directory, new MapdbConfig(4096, 1 << 20, 256 << 10, 32 << 20))) {
      database.write(tx -> tx.root().put("last", new byte[1]));
      database.awaitCheckpoint();
      System.out.printf(
          "on disk %d bytes, journal %d%n",
          database.stats().bytesOnDisk(), database.stats().journalBytes());
    }
    for (int i = 0; i < 3; i++) {
      fresh("100,000 records in a checkpoint", directory);
    }
    reads(directory);
  }

  private static void fill(MapdbDatabase database) {
    for (int batch = 0; batch < RECORDS / 100; batch++) {
      int from = batch * 100;
      database.write(tx -> {
        for (int i = from; i < from + 100; i++) {
          byte[] value = new byte[200];
          new Random(i).nextBytes(value);
          tx.createBucketIfAbsent("namespace " + i % 7, "images").put("image " + i, value);
        }
      });
    }
  }

  private static void reads(Path directory) {
    try (var database = MapdbDatabase.open(directory, MapdbConfig.DEFAULT)) {
      for (int round = 0; round < 3; round++) {
        var random = new Random(round);
        long start = System.nanoTime();
        for (int i = 0; i < RECORDS; i++) {
          int number = random.nextInt(RECORDS);
          database.view(tx -> {
            var bucket = tx.bucket("namespace " + number % 7, "images");
            return bucket == null ? null : bucket.get("image " + number);
          });
        }
        long read = System.nanoTime();
        int[] seen = {0};
        database.view(tx ->
            tx.root()
                .forEachBucket(
                    KeyRange.ALL,
                    (_, bucket) -> {
                      var images = bucket.bucket("images");
                      return images == null
                          || images.forEach(
                              KeyRange.ALL,
                              (_, _) -> {
                                seen[0]++;
                                return true;
                              });
                    }));
        System.out.printf(
            "from the checkpoint: get %.2f us (three deep), walk over %d in %.1f ms%n",
            (read - start) / 1e3 / RECORDS, seen[0], (System.nanoTime() - read) / 1e6);
      }
    }
  }

  private static void fresh(String what, Path directory) throws Exception {
    var command =
        new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Open.class.getName(),
            directory.toString());
    Process process = command.redirectErrorStream(true).start();
    System.out.printf(
        "%s, cold JVM: %s", what, new String(process.getInputStream().readAllBytes()));
    process.waitFor();
  }

  private static void delete(Path path) throws IOException {
    try (var paths = Files.walk(path)) {
      for (Path one : paths.toList().reversed()) {
        Files.delete(one);
      }
    }
  }
}
