package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.WindowUpdate;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;

/**
 * Bytes that a client sends over a stream: {@code Data} within a window that {@code WindowUpdate}
 * opens. A client that goes before it has said that this was all is a failure, not an end.
 */
final class ReceivedData extends InputStream {
  static final int WINDOW = 64 << 10;
  private static final Duration SILENCE = Duration.ofMinutes(10);

  private final OpenStream stream;
  private ByteString current = ByteString.EMPTY;
  private int position;
  private long window;
  private boolean ended;

  ReceivedData(OpenStream stream) {
    this.stream = stream;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (position == current.size()) {
      if (!next()) {
        return -1;
      }
    }
    int count = Math.min(length, current.size() - position);
    current.copyTo(bytes, position, offset, count);
    position += count;
    return count;
  }

  private boolean next() throws IOException {
    if (ended) {
      return false;
    }
    if (window < WINDOW) {
      stream.send(Anys.pack(WindowUpdate.newBuilder().setUpdate(WINDOW).build()));
      window += WINDOW;
    }
    Any message;
    try {
      message = stream.receive(SILENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("cancelled");
    }
    if (message == null) {
      ended = true;
      return false;
    }
    if (Anys.name(message).equals("containerd.types.transfer.Data")) {
      current = Anys.unpack(message, Data.parser()).getData();
      position = 0;
      window -= current.size();
      if (window < 0) {
        throw new InvalidArgumentException("the client sends more than its window");
      }
    }
    return true;
  }

  @Override
  public void close() {
    stream.close();
  }
}
