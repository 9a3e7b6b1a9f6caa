package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.DataLossException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Members of gzip, one after the other, and zeros behind the last (RFC 1952). Layers that can be
 * read in part have many members.
 */
final class GzipDecoder implements Decoder {
  private static final int MAX_TEXT = 64 * 1024;
  private static final int FLAG_HCRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;
  private static final int FLAGS_RESERVED = 0xe0;

  private final CompressedInput input;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private long memberBytes;
  private boolean inMember;
  private boolean ended;

  GzipDecoder(CompressedInput input) {
    this.input = input;
  }

  @Override
  public boolean decode(ByteBuffer out) throws InterruptedException {
    while (out.hasRemaining()) {
      if (!inMember && !nextMember()) {
        return false;
      }
      inflate(out);
      if (inflater.finished()) {
        trailer();
      }
    }
    return true;
  }

  private void inflate(ByteBuffer out) throws InterruptedException {
    ByteBuffer piece = input.piece();
    if (!piece.hasRemaining()) {
      throw endsTooEarly();
    }
    int start = out.position();
    try {
      inflater.setInput(piece);
      inflater.inflate(out);
    } catch (DataFormatException e) {
      throw new DataLossException("gzip: " + e.getMessage(), e);
    }
    if (inflater.needsDictionary()) {
      throw new DataLossException("gzip: wants a dictionary");
    }
    memberBytes += out.position() - start;
    crc.update(out.duplicate().flip().position(start));
  }

  private void trailer() throws InterruptedException {
    long storedCrc = littleEndian();
    long storedBytes = littleEndian();
    if (storedCrc != crc.getValue() || storedBytes != (memberBytes & 0xffffffffL)) {
      throw new DataLossException("gzip: wrong checksum");
    }
    inMember = false;
  }

  private boolean nextMember() throws InterruptedException {
    if (ended) {
      return false;
    }
    ByteBuffer piece = input.piece();
    if (piece.hasRemaining() && piece.get(piece.position()) != 0) {
      header();
      inflater.reset();
      crc.reset();
      memberBytes = 0;
      inMember = true;
      return true;
    }
    ended = true;
    while (piece.hasRemaining()) {
      if (piece.get() != 0) {
        throw new DataLossException("gzip: something else behind the last member");
      }
      piece = input.piece();
    }
    return false;
  }

  private void header() throws InterruptedException {
    if (next() != 0x1f || next() != 0x8b || next() != 8) {
      throw new DataLossException("gzip: no header where a member should begin");
    }
    int flags = next();
    if ((flags & FLAGS_RESERVED) != 0) {
      throw new DataLossException("gzip: unknown flags in a header");
    }
    skip(6);
    if ((flags & FLAG_EXTRA) != 0) {
      skip(next() | next() << 8);
    }
    if ((flags & FLAG_NAME) != 0) {
      skipText();
    }
    if ((flags & FLAG_COMMENT) != 0) {
      skipText();
    }
    if ((flags & FLAG_HCRC) != 0) {
      skip(2);
    }
  }

  private long littleEndian() throws InterruptedException {
    return next() | next() << 8 | next() << 16 | (long) next() << 24;
  }

  private void skip(int bytes) throws InterruptedException {
    for (int i = 0; i < bytes; i++) {
      next();
    }
  }

  private void skipText() throws InterruptedException {
    for (int i = 0; next() != 0; i++) {
      if (i == MAX_TEXT) {
        throw new DataLossException("gzip: a header without end");
      }
    }
  }

  private int next() throws InterruptedException {
    ByteBuffer piece = input.piece();
    if (!piece.hasRemaining()) {
      throw endsTooEarly();
    }
    return piece.get() & 0xff;
  }

  private static DataLossException endsTooEarly() {
    return new DataLossException("gzip: ends inside a member");
  }

  @Override
  public void close() {
    inflater.end();
  }
}
