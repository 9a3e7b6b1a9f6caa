package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * ISA-L's {@code struct inflate_state} (igzip_lib.h of version 2), with the field offsets of 64-bit
 * Linux; it computes the checksum of gzip as it goes.
 */
final class IsalInflater implements RawInflater {
  private static final long NEXT_OUT = 0;
  private static final long AVAIL_OUT = 8;
  private static final long NEXT_IN = 16;
  private static final long READ_IN = 24;
  private static final long AVAIL_IN = 32;
  private static final long READ_IN_LENGTH = 36;
  private static final long BLOCK_STATE = 21160;
  private static final long CRC_FLAG = 21172;
  private static final long CRC = 21176;

  /** 87368 in version 2.30; room for more. */
  private static final long SIZE = 128 * 1024;

  private static final int BLOCK_FINISH = 5;
  private static final int GZIP_NO_HEADER = 2;
  private static final int SLOTS = 8;
  private static final Pool<MemorySegment> POOL = new Pool<>(SLOTS);

  private final IsalLibrary library;
  private @Nullable MemorySegment state;

  IsalInflater(IsalLibrary library) {
    this.library = library;
    MemorySegment pooled = POOL.take();
    MemorySegment taken = pooled == null ? Arena.ofAuto().allocate(SIZE, 64) : pooled;
    this.state = taken;
    call(library.init(), taken);
    taken.set(JAVA_INT, CRC_FLAG, GZIP_NO_HEADER);
  }

  private MemorySegment state() {
    if (state == null) {
      throw new IllegalStateException("inflater: closed");
    }
    return state;
  }

  private static int call(NativeCall function, MemorySegment state) {
    try (Scratch s = Scratch.take()) {
      return function.call(s, state.address());
    }
  }

  @Override
  public void inflate(ByteBuffer in, ByteBuffer out) {
    if (in.isDirect() && out.isDirect()) {
      inflateDirect(in, out);
      return;
    }
    try (IoBuffer input = IoBuffer.take();
        IoBuffer output = IoBuffer.take()) {
      while (true) {
        ByteBuffer nativeIn = input.memory().asByteBuffer();
        int taken = Math.min(in.remaining(), nativeIn.capacity());
        nativeIn.put(0, in, in.position(), taken).limit(taken);
        ByteBuffer nativeOut = output.memory().asByteBuffer();
        nativeOut.limit(Math.min(out.remaining(), nativeOut.capacity()));
        inflateDirect(nativeIn, nativeOut);
        in.position(in.position() + nativeIn.position());
        boolean full = !nativeOut.hasRemaining();
        out.put(nativeOut.flip());
        if (finished() || !out.hasRemaining() || (!full && !in.hasRemaining())) {
          return;
        }
      }
    }
  }

  private void inflateDirect(ByteBuffer in, ByteBuffer out) {
    MemorySegment s = state();
    s.set(JAVA_LONG, NEXT_IN, MemorySegment.ofBuffer(in).address());
    s.set(JAVA_INT, AVAIL_IN, in.remaining());
    s.set(JAVA_LONG, NEXT_OUT, MemorySegment.ofBuffer(out).address());
    s.set(JAVA_INT, AVAIL_OUT, out.remaining());
    int result;
    try {
      result = call(library.inflate(), s);
    } finally {
      Reference.reachabilityFence(in);
      Reference.reachabilityFence(out);
    }
    in.position(in.limit() - within(s.get(JAVA_INT, AVAIL_IN), in));
    out.position(out.limit() - within(s.get(JAVA_INT, AVAIL_OUT), out));
    if (result < 0) {
      throw new InflateException(reason(result));
    }
  }

  private static int within(int available, ByteBuffer buffer) {
    if (available < 0 || available > buffer.remaining()) {
      throw new InflateException("the library lost count");
    }
    return available;
  }

  private static String reason(int result) {
    return switch (result) {
      case -1 -> "invalid block";
      case -2 -> "invalid symbol";
      case -3 -> "invalid distance";
      default -> "invalid data";
    };
  }

  @Override
  public boolean finished() {
    return state().get(JAVA_INT, BLOCK_STATE) == BLOCK_FINISH;
  }

  @Override
  public int crc() {
    return state().get(JAVA_INT, CRC);
  }

  @Override
  public int takenTooMuch() {
    return Math.max(0, state().get(JAVA_INT, READ_IN_LENGTH) / 8);
  }

  @Override
  public long takenBytes() {
    int bits = state().get(JAVA_INT, READ_IN_LENGTH);
    return state().get(JAVA_LONG, READ_IN) >>> (bits & 7);
  }

  @Override
  public void reset() {
    call(library.reset(), state());
    state().set(JAVA_INT, CRC_FLAG, GZIP_NO_HEADER);
  }

  @Override
  public void close() {
    MemorySegment former = state;
    state = null;
    if (former != null) {
      POOL.give(former);
    }
  }
}
