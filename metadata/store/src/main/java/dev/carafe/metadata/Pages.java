package dev.carafe.metadata;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Walks through a bucket without keeping a transaction open while the visitor works. */
final class Pages {
  private static final int SIZE = 500;

  /** A key with its record. */
  record Entry<R>(String key, R value) {}

  private Pages() {}

  static <R> void forEach(
      Ledger ledger,
      Function<ReadTransaction, @Nullable Bucket> bucket,
      Format<R> format,
      Consumer<Entry<R>> visitor) {
    KeyRange range = KeyRange.ALL;
    while (true) {
      List<Entry<R>> page = page(ledger, bucket, format, range);
      page.forEach(visitor);
      if (page.size() < SIZE) {
        return;
      }
      range = KeyRange.after(page.getLast().key());
    }
  }

  /** Every record of a bucket, as one transaction shows them. */
  static <R> List<R> all(
      Ledger ledger, Function<ReadTransaction, @Nullable Bucket> bucket, Format<R> format) {
    return ledger.view(tx -> {
      List<R> records = new ArrayList<>();
      Bucket found = bucket.apply(tx);
      if (found != null) {
        found.forEach((key, value) -> records.add(format.decode(key, value)));
      }
      return List.copyOf(records);
    });
  }

  private static <R> List<Entry<R>> page(
      Ledger ledger,
      Function<ReadTransaction, @Nullable Bucket> bucket,
      Format<R> format,
      KeyRange range) {
    return ledger.view(tx -> {
      List<Entry<R>> page = new ArrayList<>();
      Bucket found = bucket.apply(tx);
      if (found != null) {
        found.forEach(
            range,
            (key, value) -> {
              page.add(new Entry<>(key, format.decode(key, value)));
              return page.size() < SIZE;
            });
      }
      return page;
    });
  }
}
