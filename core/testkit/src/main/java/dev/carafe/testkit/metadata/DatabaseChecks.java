package dev.carafe.testkit.metadata;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;

/** What all groups share: a database in a fresh root, and words to say what it holds. */
abstract class DatabaseChecks {
  final MetadataDatabaseHarness harness;
  WorkDirectory work;
  Path root;
  MetadataDatabase database;

  DatabaseChecks(MetadataDatabaseConformance suite) {
    this.harness = suite.harness();
  }

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
    database = work.closeLater(harness.open(root));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static @Nullable String text(byte @Nullable [] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  static Bucket present(@Nullable Bucket bucket) {
    assertNotNull(bucket);
    return bucket;
  }

  /** The value at a path; null where there is none. */
  final @Nullable String value(String key, String... path) {
    return database.view(tx -> valueIn(tx, key, path));
  }

  static @Nullable String valueIn(ReadTransaction tx, String key, String... path) {
    Bucket bucket = tx.bucket(path);
    return bucket == null ? null : text(bucket.get(key));
  }

  final void put(String key, String value, String... path) {
    database.write(tx -> tx.createBucketIfAbsent(path).put(key, bytes(value)));
  }

  static List<String> keys(Bucket bucket, KeyRange range) {
    var keys = new ArrayList<String>();
    bucket.forEach(range, (key, _) -> keys.add(key));
    return keys;
  }

  /** Everything, as paths and values: two databases with equal dumps hold the same. */
  static TreeMap<String, String> dump(MetadataDatabase database) {
    return database.view(tx -> {
      var found = new TreeMap<String, String>();
      dump(tx.root(), "", found);
      return found;
    });
  }

  private static void dump(Bucket bucket, String path, TreeMap<String, String> found) {
    found.put(path + "/", "sequence " + bucket.sequence());
    bucket.forEach((key, value) -> found.put(path + "/" + key, String.valueOf(text(value))));
    bucket.forEachBucket(
        KeyRange.ALL,
        (name, child) -> {
          dump(child, path + "/" + name, found);
          return true;
        });
  }
}
