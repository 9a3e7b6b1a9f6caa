package dev.carafe.ctr.grpc;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Map;

/** Reads frames until the connection ends, and tells the channel. */
final class FrameReader implements Runnable {
  private static final int MAX_HEADERS = 1 << 20;
  private static final int REFUSED_STREAM = 7;
  private static final int CANCEL = 8;
  private static final int ENHANCE_YOUR_CALM = 11;

  private final ReadableByteChannel socket;
  private final Channel channel;
  private final Hpack hpack = new Hpack();
  private final ByteArrayOutputStream block = new ByteArrayOutputStream();
  private final ByteBuffer in = ByteBuffer.allocate(64 << 10).flip();
  private boolean blockEndsStream;
  private int consumed;

  FrameReader(ReadableByteChannel socket, Channel channel) {
    this.socket = socket;
    this.channel = channel;
  }

  @Override
  public void run() {
    try {
      while (true) {
        frame();
      }
    } catch (IOException e) {
      channel.fail("connection to the daemon: " + e.getMessage());
    } catch (RuntimeException e) {
      channel.fail("connection to the daemon: it does not speak HTTP/2: " + e);
    }
  }

  private void frame() throws IOException {
    fill(Frame.HEAD);
    int length = (in.get() & 0xff) << 16 | in.getShort() & 0xffff;
    int type = in.get();
    int flags = in.get();
    int stream = in.getInt() & Integer.MAX_VALUE;
    if (length > Frame.SIZE) {
      throw new IOException("frame of " + length + " bytes");
    }
    fill(length);
    ByteBuffer payload = in.slice(in.position(), length);
    in.position(in.position() + length);
    switch (type) {
      case Frame.DATA -> data(stream, flags, payload);
      case Frame.HEADERS -> {
        block.reset();
        blockEndsStream = (flags & Frame.END_STREAM) != 0;
        unpad(payload, flags);
        payload.position(payload.position() + ((flags & Frame.PRIORITY) == 0 ? 0 : 5));
        headers(stream, flags, payload);
      }
      case Frame.CONTINUATION -> headers(stream, flags, payload);
      case Frame.RST_STREAM -> reset(stream, payload.getInt());
      case Frame.SETTINGS -> {
        if ((flags & Frame.ACK) == 0) {
          channel.settings(payload);
          channel.control(Frame.SETTINGS, Frame.ACK, 0, ByteBuffer.allocate(0));
        }
      }
      case Frame.PING -> {
        if ((flags & Frame.ACK) == 0) {
          channel.control(Frame.PING, Frame.ACK, 0, payload);
        }
      }
      case Frame.WINDOW_UPDATE -> channel.window(stream, payload.getInt() & Integer.MAX_VALUE);
      case Frame.GOAWAY -> channel.goAway(payload.getInt() & Integer.MAX_VALUE);
      default -> {}
    }
  }

  private void fill(int wanted) throws IOException {
    if (in.remaining() >= wanted) {
      return;
    }
    in.compact();
    while (in.position() < wanted) {
      if (socket.read(in) < 0) {
        throw new EOFException("closed by the other side");
      }
    }
    in.flip();
  }

  private static void unpad(ByteBuffer payload, int flags) {
    if ((flags & Frame.PADDED) != 0) {
      int padding = payload.get() & 0xff;
      payload.limit(payload.limit() - padding);
    }
  }

  private void data(int stream, int flags, ByteBuffer payload) {
    int length = payload.remaining();
    unpad(payload, flags);
    Call<?, ?> call = channel.call(stream);
    if (call != null) {
      call.received(payload, length - payload.remaining());
    }
    // The connection's window never holds a call back: each call has its own.
    consumed += length;
    if (consumed >= Channel.CREDIT) {
      channel.grant(0, consumed);
      consumed = 0;
    }
    if ((flags & Frame.END_STREAM) != 0) {
      channel.end(stream, StatusException.INTERNAL, "stream ended without a status");
    }
  }

  private void headers(int stream, int flags, ByteBuffer fragment) throws IOException {
    if (block.size() + fragment.remaining() > MAX_HEADERS) {
      throw new IOException("headers are too long");
    }
    block.write(
        fragment.array(), fragment.arrayOffset() + fragment.position(), fragment.remaining());
    if ((flags & Frame.END_HEADERS) == 0) {
      return;
    }
    Map<String, String> headers = hpack.decode(block.toByteArray());
    String status = headers.get("grpc-status");
    if (status != null) {
      String message = Percent.decode(headers.getOrDefault("grpc-message", ""));
      channel.end(stream, number(status), message);
    } else if (blockEndsStream || !headers.getOrDefault(":status", "200").equals("200")) {
      String http = headers.getOrDefault(":status", "none");
      channel.end(stream, StatusException.UNKNOWN, "no gRPC status, HTTP status " + http);
    }
  }

  private static int number(String status) {
    try {
      return Integer.parseInt(status);
    } catch (NumberFormatException e) {
      return StatusException.UNKNOWN;
    }
  }

  /** Codes as gRPC over HTTP/2 maps them ("HTTP2 Transport Mapping, Errors"). */
  private void reset(int stream, int error) {
    int code =
        switch (error) {
          case REFUSED_STREAM -> StatusException.UNAVAILABLE;
          case CANCEL -> StatusException.CANCELLED;
          case ENHANCE_YOUR_CALM -> StatusException.RESOURCE_EXHAUSTED;
          default -> StatusException.INTERNAL;
        };
    channel.end(stream, code, "daemon broke the call off, HTTP/2 error " + error);
  }
}
