package dev.carafe.linux;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Decompresses gzip (RFC 1952) piece by piece in bounded memory: any number of members one after
 * the other, each checked against its header, checksum and length; zero bytes after the last one
 * are padding, as in GNU gzip. How much it may decompress to is for the caller to limit.
 *
 * <p>Used by one thread at a time. Direct buffers are read and written in place; the larger the
 * output buffer, the better: from 128 KiB.
 */
public interface StreamInflater extends AutoCloseable {
  /** The fastest there is on this machine. */
  static StreamInflater open() {
    return openNative().orElseGet(StreamInflater::openJdk);
  }

  /**
   * By ISA-L (libisal.so.2), more than twice as fast as the JDK; empty if the library is not
   * installed, or fails the test that its first use begins with.
   */
  static Optional<StreamInflater> openNative() {
    return IsalLibrary.instance().map(library -> new GzipInflater(new IsalInflater(library)));
  }

  /** By the JDK's own zlib. */
  static StreamInflater openJdk() {
    return new GzipInflater(new JdkInflater());
  }

  /**
   * Decompresses until {@code in} is used up or {@code out} is full, advancing both positions.
   * After a full {@code out} more may follow without more input.
   *
   * @return the number of bytes written to {@code out}
   * @throws InflateException if the data is bad; the inflater is of no further use then
   */
  int inflate(ByteBuffer in, ByteBuffer out);

  /** Whether the input may end here: at least one member was read, and no further one has begun. */
  boolean finished();

  /**
   * To be called at the end of the input.
   *
   * @throws InflateException unless {@link #finished}
   */
  void checkFinished();

  /** Frees what it holds; later calls do nothing. */
  @Override
  void close();
}
