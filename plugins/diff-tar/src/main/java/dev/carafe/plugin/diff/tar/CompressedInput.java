package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The layer as it arrives: the caller's thread feeds it, the decoding stage takes pieces from it.
 */
final class CompressedInput implements AutoCloseable {
  /** Bytes of the buffers that it wants. */
  static final int PIECE = 128 * 1024;

  private static final int PIECES = 4;
  private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

  private final BufferPool.Loan loan;
  private final Handoff<ByteBuffer> free;
  private final Handoff<ByteBuffer> filled;
  private @Nullable ByteBuffer current;
  private long taken;

  /** Borrows from {@code pool}, and gives back when it is closed. */
  CompressedInput(Pipeline pipeline, BufferPool pool) {
    loan = pool.lend();
    free = pipeline.handoff(PIECES);
    filled = pipeline.handoff(PIECES);
  }

  /**
   * Reads {@code archive} to its end.
   *
   * @param expected bytes, or 0 if unknown
   * @throws DataLossException if there are fewer or more
   */
  void feed(InputStream archive, long expected) throws InterruptedException {
    byte[] bytes = new byte[PIECE];
    long fed = 0;
    while (true) {
      int length = read(archive, bytes);
      if (length == 0) {
        break;
      }
      fed += length;
      if (expected > 0 && fed > expected) {
        throw new DataLossException("more than the " + expected + " bytes of the descriptor");
      }
      ByteBuffer piece = free.poll();
      if (piece == null && loan.count() < PIECES) {
        piece = loan.allocate();
      }
      while (piece == null) {
        piece = free.take();
      }
      filled.put(piece.clear().put(bytes, 0, length).flip());
    }
    if (fed < expected) {
      throw new DataLossException("ends after " + fed + " of " + expected + " bytes");
    }
    filled.finish();
  }

  private static int read(InputStream archive, byte[] bytes) throws InterruptedException {
    try {
      return archive.readNBytes(bytes, 0, bytes.length);
    } catch (EOFException e) {
      throw new DataLossException("ends too early: " + e.getMessage(), e);
    } catch (IOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException(e.getMessage());
      }
      if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
        throw new CancelledException("cancelled while reading", e);
      }
      throw new UnavailableException("while reading: " + e.getMessage(), e);
    }
  }

  /** For the decoding stage: bytes not yet decoded; without any remaining at the end. */
  ByteBuffer piece() throws InterruptedException {
    if (current != null && current.hasRemaining()) {
      return current;
    }
    if (current != null) {
      free.put(current);
    }
    current = filled.take();
    if (current == null) {
      return NOTHING;
    }
    taken += current.remaining();
    return current;
  }

  /** For the decoding stage: whether the last piece was taken. */
  boolean atEnd() throws InterruptedException {
    return !piece().hasRemaining();
  }

  /** For the decoding stage: how many bytes arrived there. */
  long taken() {
    return taken;
  }

  /** Gives the buffers back. Only after the pipeline has ended. */
  @Override
  public void close() {
    loan.close();
  }
}
