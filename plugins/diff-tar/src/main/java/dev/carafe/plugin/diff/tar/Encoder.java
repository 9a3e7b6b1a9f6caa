package dev.carafe.plugin.diff.tar;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Packs an archive. For one thread; the same bytes make the same layer. */
interface Encoder extends AutoCloseable {
  /** Where packed bytes go. The buffer is used again after the call. */
  @FunctionalInterface
  interface Sink {
    void accept(ByteBuffer packed) throws InterruptedException;
  }

  /** Packs what remains in {@code in}. */
  void encode(ByteBuffer in, Sink sink) throws InterruptedException;

  /** Packs the end. */
  void finish(Sink sink) throws InterruptedException;

  @Override
  void close();

  /** Does not pack. */
  static Encoder plain() {
    return new Encoder() {
      @Override
      public void encode(ByteBuffer in, Sink sink) throws InterruptedException {
        sink.accept(in);
      }

      @Override
      public void finish(Sink sink) {}

      @Override
      public void close() {}
    };
  }

  /** One member (RFC 1952) without name and time. */
  final class Gzip implements Encoder {
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    private final Deflater deflater;
    private final CRC32 crc = new CRC32();
    private final ByteBuffer packed = ByteBuffer.allocate(64 * 1024).put(HEADER);
    private long bytes;

    Gzip(int level) {
      deflater = new Deflater(level, true);
    }

    @Override
    public void encode(ByteBuffer in, Sink sink) throws InterruptedException {
      bytes += in.remaining();
      crc.update(in.duplicate());
      deflater.setInput(in);
      while (!deflater.needsInput()) {
        deflate(sink);
      }
    }

    @Override
    public void finish(Sink sink) throws InterruptedException {
      deflater.finish();
      while (!deflater.finished()) {
        deflate(sink);
      }
      flush(sink);
      packed.putInt(Integer.reverseBytes((int) crc.getValue()));
      packed.putInt(Integer.reverseBytes((int) bytes));
      flush(sink);
    }

    private void deflate(Sink sink) throws InterruptedException {
      deflater.deflate(packed);
      if (!packed.hasRemaining()) {
        flush(sink);
      }
    }

    private void flush(Sink sink) throws InterruptedException {
      sink.accept(packed.flip());
      packed.clear();
    }

    @Override
    public void close() {
      deflater.end();
    }
  }

  /** One frame with a checksum (RFC 8878). Only after {@link ZstdLibrary#load}. */
  final class Zstd implements Encoder {
    private final ZstdCompressCtx context = new ZstdCompressCtx();
    private final ByteBuffer packed = ByteBuffer.allocateDirect(128 * 1024);

    Zstd(int level) {
      context.setLevel(level);
      context.setChecksum(true);
    }

    @Override
    public void encode(ByteBuffer in, Sink sink) throws InterruptedException {
      while (in.hasRemaining()) {
        context.compressDirectByteBufferStream(packed, in, EndDirective.CONTINUE);
        flush(sink);
      }
    }

    @Override
    public void finish(Sink sink) throws InterruptedException {
      ByteBuffer nothing = ByteBuffer.allocateDirect(0);
      boolean done = false;
      while (!done) {
        done = context.compressDirectByteBufferStream(packed, nothing, EndDirective.END);
        flush(sink);
      }
    }

    private void flush(Sink sink) throws InterruptedException {
      sink.accept(packed.flip());
      packed.clear();
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
