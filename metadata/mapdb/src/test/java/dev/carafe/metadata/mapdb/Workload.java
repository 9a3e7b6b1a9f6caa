package dev.carafe.metadata.mapdb;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** Reproducible transactions of every kind, numbered from 1, and a way to compare contents. */
final class Workload {
  private final int largest;

  /** A workload with values of at most so many bytes. */
  Workload(int largest) {
    this.largest = largest;
  }

  /** Runs a transaction; revision {@code number} if all before it ran. */
  void run(MetadataDatabase database, int number) {
    database.write(tx -> {
      var random = new Random(number);
      WritableBucket bucket =
          tx.createBucketIfAbsent("namespace " + random.nextInt(3), "kind " + random.nextInt(3));
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        byte[] value = new byte[random.nextInt(largest)];
        if (random.nextInt(3) > 0) {
          random.nextBytes(value);
        }
        bucket.put("key " + random.nextInt(12), value);
      }
      bucket.delete("key " + random.nextInt(12));
      bucket.nextSequence();
      if (random.nextInt(9) == 0) {
        tx.createBucketIfAbsent("namespace " + random.nextInt(3))
            .deleteBucket("kind " + random.nextInt(3));
      }
      tx.root().put("last", Integer.toString(number).getBytes());
    });
  }

  /** The content after the first {@code count} transactions. */
  static TreeMap<String, String> dump(MetadataDatabase database) {
    return database.view(tx -> {
      var found = new TreeMap<String, String>();
      dump(tx.root(), "", found);
      return found;
    });
  }

  private static void dump(Bucket bucket, String path, TreeMap<String, String> found) {
    found.put(path + "/", "sequence " + bucket.sequence());
    bucket.forEach((key, value) ->
        found.put(path + "/" + key, value.length + ":" + HexFormat.of().toHexDigits(hash(value))));
    bucket.forEachBucket(
        KeyRange.ALL,
        (name, child) -> {
          dump(child, path + "/" + name, found);
          return true;
        });
  }

  private static int hash(byte[] value) {
    var crc = new CRC32();
    crc.update(value);
    return (int) crc.getValue();
  }
}
