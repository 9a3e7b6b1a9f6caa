package dev.carafe.ctr.grpc;

import java.nio.ByteBuffer;

/** Names and heads of HTTP/2 frames (RFC 9113, sections 4.1 and 6). */
final class Frame {
  /** Bytes of a frame's head. */
  static final int HEAD = 9;

  /** The longest payload that is taken, and the longest sent unless the peer allows more. */
  static final int SIZE = 16_384;

  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int PRIORITY = 32;

  static final int ENABLE_PUSH = 2;
  static final int INITIAL_WINDOW_SIZE = 4;
  static final int MAX_FRAME_SIZE = 5;

  private Frame() {}

  static void head(ByteBuffer frame, int length, int type, int flags, int stream) {
    frame.put((byte) (length >> 16)).putShort((short) length);
    frame.put((byte) type).put((byte) flags).putInt(stream);
  }
}
