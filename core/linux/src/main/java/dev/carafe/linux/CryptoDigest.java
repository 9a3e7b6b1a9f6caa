package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** A hash by libcrypto. Its state is a piece of native memory that the garbage collector frees. */
final class CryptoDigest extends MessageDigest implements Cloneable {
  private static final long WATCHED = CryptoHash.STATE / 2;

  private final CryptoHash hash;
  private MemorySegment state;

  CryptoDigest(CryptoHash hash) {
    super(hash.name());
    this.hash = hash;
    this.state = Arena.ofAuto().allocate(CryptoHash.STATE, 16);
    engineReset();
  }

  /** Whether the library uses no more of the state than it should. */
  boolean staysInside() {
    return state.asSlice(WATCHED).mismatch(MemorySegment.ofArray(new byte[(int) WATCHED])) < 0;
  }

  @Override
  protected int engineGetDigestLength() {
    return hash.length();
  }

  @Override
  protected void engineReset() {
    call(hash.init(), 0, 0);
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int length) {
    try (IoBuffer buffer = IoBuffer.take()) {
      for (int done = 0; done < length; ) {
        int step = Math.min(length - done, IoBuffer.SIZE);
        MemorySegment.copy(input, offset + done, buffer.memory(), JAVA_BYTE, 0, step);
        call(hash.update(), buffer.memory().address(), step);
        done += step;
      }
    }
  }

  @Override
  protected void engineUpdate(ByteBuffer input) {
    if (input.isDirect()) {
      try {
        call(hash.update(), MemorySegment.ofBuffer(input).address(), input.remaining());
      } finally {
        Reference.reachabilityFence(input);
      }
      input.position(input.limit());
    } else {
      super.engineUpdate(input);
    }
  }

  @Override
  protected byte[] engineDigest() {
    byte[] result = new byte[hash.length()];
    try (IoBuffer buffer = IoBuffer.take()) {
      // The library takes the place of the result first.
      try (Scratch s = Scratch.take()) {
        check(hash.end(), hash.end().call(s, buffer.memory().address(), state.address()));
      } finally {
        Reference.reachabilityFence(state);
      }
      MemorySegment.copy(buffer.memory(), JAVA_BYTE, 0, result, 0, result.length);
    }
    engineReset();
    return result;
  }

  @Override
  public CryptoDigest clone() throws CloneNotSupportedException {
    CryptoDigest copy = (CryptoDigest) super.clone();
    copy.state = Arena.ofAuto().allocate(CryptoHash.STATE, 16).copyFrom(state);
    return copy;
  }

  private void call(NativeCall function, long bytes, long length) {
    try (Scratch s = Scratch.take()) {
      check(function, function.call(s, state.address(), bytes, length));
    } finally {
      Reference.reachabilityFence(state);
    }
  }

  private void check(NativeCall function, int result) {
    if (result != 1) {
      throw new IllegalStateException(function.name() + ": refused by the library");
    }
  }
}
