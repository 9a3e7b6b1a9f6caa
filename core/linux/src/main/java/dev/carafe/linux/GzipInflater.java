package dev.carafe.linux;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/** The framing of gzip (RFC 1952) around a deflate decoder. */
final class GzipInflater implements StreamInflater {
  private static final int FLAG_HEADER_CRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;
  private static final int FLAGS_RESERVED = 0xe0;
  private static final int FIXED_HEADER = 10;
  private static final int MAX_TEXT = 64 * 1024;

  private enum Part {
    /** Before the first member. */
    START,
    FIXED,
    EXTRA_LENGTH,
    EXTRA,
    NAME,
    COMMENT,
    HEADER_CRC,
    BODY,
    TRAILER,
    /** After a member. */
    BETWEEN,
    PADDING
  }

  private final RawInflater raw;
  private final CRC32 headerCrc = new CRC32();
  private Part part = Part.START;
  private int flags;

  /** Bytes of this part that were read, and the last eight of them, the latest highest. */
  private int count;

  private long value;
  private int extraLength;
  private long length;

  /** Bytes that the decoder took too many of the input, the first one lowest. */
  private long pushedBack;

  private int pushedBackCount;
  private boolean broken;

  GzipInflater(RawInflater raw) {
    this.raw = raw;
  }

  @Override
  public int inflate(ByteBuffer in, ByteBuffer out) {
    if (broken) {
      throw new InflateException("went wrong before");
    }
    int start = out.position();
    try {
      while (true) {
        if (part == Part.BODY) {
          if (!body(in, out)) {
            return out.position() - start;
          }
        } else if (pushedBackCount > 0) {
          int next = (int) (pushedBack & 0xff);
          pushedBack >>>= 8;
          pushedBackCount--;
          accept(next);
        } else if (in.hasRemaining()) {
          accept(in.get() & 0xff);
        } else {
          return out.position() - start;
        }
      }
    } catch (InflateException e) {
      broken = true;
      throw e;
    }
  }

  /** Whether the body has ended. */
  private boolean body(ByteBuffer in, ByteBuffer out) {
    if (!out.hasRemaining()) {
      return false;
    }
    do {
      int inBefore = in.position();
      int outBefore = out.position();
      raw.inflate(in, out);
      length += out.position() - outBefore;
      if (!raw.finished() && (!in.hasRemaining() || !out.hasRemaining())) {
        return false;
      }
      require(
          raw.finished() || in.position() != inBefore || out.position() != outBefore,
          "the decoder is stuck");
    } while (!raw.finished());
    pushedBackCount = raw.takenTooMuch();
    pushedBack = raw.takenBytes();
    enter(Part.TRAILER);
    return true;
  }

  private void enter(Part next) {
    part = next;
    count = 0;
    value = 0;
  }

  private void accept(int b) {
    switch (part) {
      case START -> begin(b);
      case BETWEEN -> {
        if (b == 0) {
          part = Part.PADDING;
        } else {
          begin(b);
        }
      }
      case PADDING -> require(b == 0, "something follows the padding");
      case FIXED -> {
        take(b);
        fixed(b);
      }
      case EXTRA_LENGTH -> {
        take(b);
        if (count == 2) {
          extraLength = (int) (value >>> 48);
          enter(Part.EXTRA);
          skipAbsent();
        }
      }
      case EXTRA -> {
        take(b);
        skipAbsent();
      }
      case NAME, COMMENT -> {
        take(b);
        require(count <= MAX_TEXT, "a name or comment of more than " + MAX_TEXT + " bytes");
        if (b == 0) {
          enter(part == Part.NAME ? Part.COMMENT : Part.HEADER_CRC);
          skipAbsent();
        }
      }
      case HEADER_CRC -> {
        int expected = (int) headerCrc.getValue() & 0xffff;
        take(b, false);
        if (count == 2) {
          require((int) (value >>> 48) == expected, "wrong header checksum");
          enter(Part.BODY);
        }
      }
      case TRAILER -> {
        take(b, false);
        if (count == 8) {
          require((int) value == raw.crc(), "wrong checksum");
          require((int) (value >>> 32) == (int) length, "wrong length");
          enter(Part.BETWEEN);
        }
      }
      case BODY -> throw new IllegalStateException("gzip: a body byte in the header");
    }
  }

  private void begin(int b) {
    if (part == Part.BETWEEN) {
      raw.reset();
    }
    headerCrc.reset();
    length = 0;
    enter(Part.FIXED);
    take(b);
    fixed(b);
  }

  private void take(int b) {
    take(b, true);
  }

  private void take(int b, boolean header) {
    count++;
    value = value >>> 8 | (long) b << 56;
    if (header) {
      headerCrc.update(b);
    }
  }

  private void fixed(int b) {
    switch (count) {
      case 1 -> require(b == 0x1f, "not a gzip file");
      case 2 -> require(b == 0x8b, "not a gzip file");
      case 3 -> require(b == 8, "unknown compression method " + b);
      case 4 -> {
        require((b & FLAGS_RESERVED) == 0, "unknown header flags");
        flags = b;
      }
      case FIXED_HEADER -> {
        enter((flags & FLAG_EXTRA) != 0 ? Part.EXTRA_LENGTH : Part.NAME);
        skipAbsent();
      }
      default -> {}
    }
  }

  /** Moves on over the parts of the header that are absent or over. */
  private void skipAbsent() {
    if (part == Part.EXTRA && count == extraLength) {
      enter(Part.NAME);
    }
    if (part == Part.NAME && (flags & FLAG_NAME) == 0) {
      enter(Part.COMMENT);
    }
    if (part == Part.COMMENT && (flags & FLAG_COMMENT) == 0) {
      enter(Part.HEADER_CRC);
    }
    if (part == Part.HEADER_CRC && (flags & FLAG_HEADER_CRC) == 0) {
      enter(Part.BODY);
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new InflateException(otherwise);
    }
  }

  @Override
  public boolean finished() {
    return !broken && (part == Part.BETWEEN || part == Part.PADDING);
  }

  @Override
  public void checkFinished() {
    if (!finished()) {
      throw new InflateException("ends in the middle");
    }
  }

  @Override
  public void close() {
    raw.close();
  }
}
