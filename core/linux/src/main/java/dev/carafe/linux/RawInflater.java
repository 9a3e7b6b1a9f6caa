package dev.carafe.linux;

import java.nio.ByteBuffer;

/** Decompresses one deflate stream (RFC 1951) after the other. */
interface RawInflater extends AutoCloseable {
  /** As {@link StreamInflater#inflate}; stops at the end of the deflate stream, too. */
  void inflate(ByteBuffer in, ByteBuffer out);

  /** Whether the last deflate stream has ended and all its bytes were written. */
  boolean finished();

  /** The CRC-32 of what it decompressed to, once finished. */
  int crc();

  /** How many bytes behind the end it has taken from the input: 0 to 8. Once finished. */
  int takenTooMuch();

  /** Those bytes, the first one lowest. */
  long takenBytes();

  /** Begins a new deflate stream. */
  void reset();

  @Override
  void close();
}
