package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.WindowUpdate;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;

/** Bytes for a client: {@code Data} of at most 32 KiB, no more of them than the client lets. */
final class SentData extends OutputStream {
  static final int FRAME = 32 << 10;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final OpenStream stream;
  private final byte[] frame = new byte[FRAME];
  private int filled;
  private long window;

  SentData(OpenStream stream) {
    this.stream = stream;
  }

  @Override
  public void write(int octet) throws IOException {
    write(new byte[] {(byte) octet}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int count = Math.min(FRAME - filled, length - done);
      System.arraycopy(bytes, offset + done, frame, filled, count);
      filled += count;
      done += count;
      if (filled == FRAME) {
        flush();
      }
    }
  }

  @Override
  public void flush() throws IOException {
    for (int sent = 0; sent < filled; ) {
      awaitWindow();
      int count = (int) Math.min(window, filled - sent);
      stream.send(
          Anys.pack(Data.newBuilder().setData(ByteString.copyFrom(frame, sent, count)).build()));
      window -= count;
      sent += count;
    }
    filled = 0;
  }

  private void awaitWindow() throws IOException {
    while (window <= 0) {
      Any message;
      try {
        message = stream.receive(PATIENCE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("cancelled");
      }
      if (message == null) {
        throw new CancelledException("the client takes no more data");
      }
      if (Anys.name(message).equals("containerd.types.transfer.WindowUpdate")) {
        int update = Anys.unpack(message, WindowUpdate.parser()).getUpdate();
        if (update <= 0) {
          throw new InvalidArgumentException("window update of " + update + " bytes");
        }
        window += update;
      }
    }
  }

  /** Sends what is left and ends the stream. */
  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      stream.close();
    }
  }
}
