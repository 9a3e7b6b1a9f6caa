package dev.carafe.ttrpc;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One message on the wire: a header of ten bytes, big endian (length of the data, stream, type,
 * flags), and the data.
 *
 * @param stream odd, given by the client, rising
 */
record Frame(int stream, Type type, int flags, byte[] data) {
  static final int HEADER = 10;

  /** The most data that a frame may have. */
  static final int LIMIT = 4 << 20;

  /** No more data follows on this stream in this direction. */
  static final int REMOTE_CLOSED = 1;

  /** Data follows from the client. */
  static final int REMOTE_OPEN = 2;

  /** This frame carries no message. */
  static final int NO_DATA = 4;

  /** What a frame holds. */
  enum Type {
    REQUEST(1),
    RESPONSE(2),
    DATA(3);

    private static final List<Type> ALL = List.of(values());
    private final int number;

    Type(int number) {
      this.number = number;
    }

    static Type of(int number) {
      if (number < 1 || number > ALL.size()) {
        throw new TtrpcException(StatusCode.INTERNAL, "frame of unknown type " + number);
      }
      return ALL.get(number - 1);
    }
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  int size() {
    return HEADER + data.length;
  }

  ByteBuffer encoded() {
    return ByteBuffer.allocate(size())
        .putInt(data.length)
        .putInt(stream)
        .put((byte) type.number)
        .put((byte) flags)
        .put(data)
        .flip();
  }

  /**
   * Refuses what is too large to be sent.
   *
   * @throws TtrpcException RESOURCE_EXHAUSTED
   */
  static byte[] checked(byte[] data) {
    if (data.length > LIMIT) {
      throw new TtrpcException(
          StatusCode.RESOURCE_EXHAUSTED,
          "message of " + data.length + " bytes is larger than " + LIMIT);
    }
    return data;
  }
}
