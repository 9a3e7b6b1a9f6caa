package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the journal from the checkpoint on and judges its end.
 *
 * <p>A record is written only after the one before it was forced. So a torn record is the last one;
 * whatever is wrong before a later record is damage, and so is a record at the end that no
 * interrupted write explains.
 */
final class JournalReader {
  private final Layout layout;
  private final Manifest manifest;
  private final Sink sink;
  private final List<Cut> cuts = new ArrayList<>();
  private long next;
  private int end = Segment.START;
  private boolean closed = true;

  /** Takes the records in order; slices are valid during the call. */
  interface Sink {
    void commit(ByteBuffer payload, long last) throws IOException;
  }

  /** The tail of a segment that is to be zeroed. */
  record Cut(long segment, int from) {}

  /**
   * What is wrong.
   *
   * @param from the first byte that cannot be used
   * @param following whether valid records lie behind
   */
  record Damage(long segment, int from, String reason, boolean following) {}

  /**
   * The journal as found.
   *
   * @param next the revision that the next transaction gets
   * @param end where the last segment's records end
   * @param closed whether its last record ends an orderly run, or it has none
   * @param cuts torn writes; empty where there is damage
   */
  record Result(long next, int end, boolean closed, List<Cut> cuts, Optional<Damage> damage) {}

  private JournalReader(Layout layout, Manifest manifest, Sink sink) {
    this.layout = layout;
    this.manifest = manifest;
    this.sink = sink;
    this.next = manifest.checkpoint() + 1;
  }

  static Result read(Layout layout, Manifest manifest, Sink sink) throws IOException {
    return new JournalReader(layout, manifest, sink).read();
  }

  private Result read() throws IOException {
    for (long number = manifest.firstSegment(); number <= manifest.lastSegment(); number++) {
      Optional<Damage> damage = readSegment(number);
      if (damage.isPresent()) {
        return new Result(next, damage.get().from(), false, List.of(), damage);
      }
    }
    return new Result(next, end, closed, cuts, Optional.empty());
  }

  private Optional<Damage> readSegment(long number) throws IOException {
    Path path = layout.segment(number);
    if (!Files.exists(path)) {
      return damage(number, 0, "file is missing");
    }
    ByteBuffer bytes = Segment.read(path);
    Segment.Head head = Segment.Head.decode(bytes);
    if (head == null || !head.database().equals(manifest.database()) || head.number() != number) {
      return damage(number, 0, "head of the file is damaged");
    }
    end = Segment.START;
    while (true) {
      if (end + Frame.HEAD > bytes.limit()) {
        return damage(number, end, "file is cut short");
      }
      if (Frame.isZero(bytes, end, end + Frame.HEAD)) {
        return atZeros(number, bytes, head.salt());
      }
      Frame frame = Frame.decode(bytes, end, head.salt());
      if (frame == null) {
        return atBadHead(number, bytes, head.salt());
      }
      if (frame.first() != next) {
        return damage(number, end, "revision %d where %d is due".formatted(frame.first(), next));
      }
      if (end + (long) frame.space() > bytes.limit()) {
        return damage(number, end, "file is cut short");
      }
      if (!frame.matches(bytes, end)) {
        return atBadRecord(number, frame, bytes, head.salt());
      }
      if (frame.type() == Frame.COMMIT) {
        sink.commit(bytes.slice(end + Frame.HEAD, frame.length()), next + frame.count() - 1);
      }
      next += frame.count();
      end += frame.space();
      closed = frame.type() == Frame.CLOSE;
    }
  }

  private Optional<Damage> atZeros(long number, ByteBuffer bytes, long salt) throws IOException {
    if (Frame.isZero(bytes, end, bytes.limit())) {
      return Optional.empty();
    }
    if (recordFollows(bytes, end, salt, next) || laterSegmentHasRecords(number)) {
      return damage(number, end, "record is missing", bytes, salt);
    }
    cuts.add(new Cut(number, end));
    return Optional.empty();
  }

  /** A head that was not written to its end has nothing behind it. */
  private Optional<Damage> atBadHead(long number, ByteBuffer bytes, long salt) throws IOException {
    if (Frame.isZero(bytes, end + Frame.HEAD, bytes.limit()) && !laterSegmentHasRecords(number)) {
      cuts.add(new Cut(number, end));
      return Optional.empty();
    }
    return damage(number, end, "record head is damaged", bytes, salt);
  }

  private Optional<Damage> atBadRecord(long number, Frame frame, ByteBuffer bytes, long salt)
      throws IOException {
    boolean follows =
        recordFollows(bytes, end + Frame.HEAD, salt, next) || laterSegmentHasRecords(number);
    if (follows || !frame.isTorn(bytes, end)) {
      return damage(number, end, "checksum does not match", bytes, salt);
    }
    cuts.add(new Cut(number, end));
    return Optional.empty();
  }

  private Optional<Damage> damage(long number, int from, String reason, ByteBuffer bytes, long salt)
      throws IOException {
    boolean follows =
        recordFollows(bytes, from + Frame.HEAD, salt, next) || laterSegmentHasRecords(number);
    return Optional.of(new Damage(number, from, reason, follows));
  }

  private Optional<Damage> damage(long number, int from, String reason) throws IOException {
    return Optional.of(new Damage(number, from, reason, laterSegmentHasRecords(number)));
  }

  /** Whether a record of {@code revision} or later begins at or behind {@code from}. */
  private static boolean recordFollows(ByteBuffer bytes, int from, long salt, long revision) {
    for (int at = from; at + Frame.HEAD <= bytes.limit(); at += Frame.HEAD) {
      if (!Frame.isZero(bytes, at, at + Frame.HEAD)) {
        Frame frame = Frame.decode(bytes, at, salt);
        if (frame != null && frame.first() >= revision) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean laterSegmentHasRecords(long number) throws IOException {
    for (long later = number + 1; later <= manifest.lastSegment(); later++) {
      Path path = layout.segment(later);
      if (Files.exists(path)) {
        ByteBuffer bytes = Segment.read(path);
        Segment.Head head = Segment.Head.decode(bytes);
        if (head != null && recordFollows(bytes, Segment.START, head.salt(), next)) {
          return true;
        }
      }
    }
    return false;
  }
}
