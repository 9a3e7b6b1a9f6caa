package dev.carafe.metadata;

import dev.carafe.spi.snapshots.SnapshotKey;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Numbers for names in back ends, never given twice: blocks are reserved in the database before the
 * first number of them is given, and a crash loses the rest of a block. So a back end name with a
 * number above {@link #reserved} proves that the database is older than the back end.
 */
final class Sequences {
  static final long BLOCK = 1000;

  private static final int MAX_NAME = 4096;
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9._-]{1,76}/([0-9]{1,18})/.*", Pattern.DOTALL);

  private record Range(long next, long last) {}

  private final Ledger ledger;
  private final AtomicReference<@Nullable Range> range = new AtomicReference<>();

  Sequences(Ledger ledger) {
    this.ledger = ledger;
  }

  /** A name that no object in any back end has had. One transaction in a thousand calls. */
  String backendName(String namespace, String name) {
    String text = namespace + "/" + next() + "/" + name;
    if (text.length() <= MAX_NAME) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MAX_NAME - 1)) ? MAX_NAME - 1 : MAX_NAME;
    return text.substring(0, end);
  }

  SnapshotKey backendKey(String namespace, SnapshotKey key) {
    return new SnapshotKey(backendName(namespace, key.value()));
  }

  /** The number in a back end name; empty if the name is not one of ours. */
  static OptionalLong numberOf(String backendName) {
    Matcher matcher = NAME.matcher(backendName);
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /** The highest number that may have been given. */
  long reserved() {
    return ledger.view(tx -> Facts.number(tx, Facts.SEQUENCE));
  }

  /** Gives no number up to {@code number} any more. */
  void skipTo(long number) {
    ledger.maintain(change -> {
      if (Facts.number(change.tx(), Facts.SEQUENCE) < number) {
        Facts.setNumber(change.tx(), Facts.SEQUENCE, number);
      }
      return null;
    });
    range.set(null);
  }

  private long next() {
    while (true) {
      Range current = range.get();
      if (current == null || current.next > current.last) {
        Range reserved = reserve();
        range.compareAndSet(current, reserved);
      } else if (range.compareAndSet(current, new Range(current.next + 1, current.last))) {
        return current.next;
      }
    }
  }

  private Range reserve() {
    return ledger.maintain(change -> {
      long last = Facts.number(change.tx(), Facts.SEQUENCE);
      Facts.setNumber(change.tx(), Facts.SEQUENCE, last + BLOCK);
      return new Range(last + 1, last + BLOCK);
    });
  }
}
