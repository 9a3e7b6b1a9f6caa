package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.WindowUpdate;
import dev.carafe.ctr.TransferCall.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Bytes over a transfer's streams, within windows. */
final class DataStreams {
  private static final int FRAME = 32 << 10;
  private static final int WINDOW = 64 << 10;

  private DataStreams() {}

  /** Bytes on their way to the daemon. */
  static final class Sender {
    private final InputStream in;
    private final Stream stream;
    private long window;
    private volatile @Nullable IOException failure;

    private Sender(TransferCall transfer, String kind, InputStream in) {
      this.in = in;
      this.stream = transfer.stream(kind, (call, message) -> open(message));
      Thread.ofPlatform().daemon().name(kind + "-data").start(this::send);
    }

    String id() {
      return stream.id();
    }

    /** What kept the bytes from being read, if anything did. */
    void check() throws IOException {
      IOException lost = failure;
      if (lost != null) {
        throw lost;
      }
    }

    private synchronized void open(Any message) {
      try {
        window += WindowUpdate.parseFrom(message.getValue()).getUpdate();
        notifyAll();
      } catch (InvalidProtocolBufferException e) {
        // Nothing that opens the window.
      }
    }

    private synchronized int take() throws InterruptedException {
      while (window <= 0) {
        wait();
      }
      return (int) Math.min(window, FRAME);
    }

    private synchronized void taken(int count) {
      window -= count;
    }

    private void send() {
      byte[] frame = new byte[FRAME];
      try {
        while (true) {
          int count = in.read(frame, 0, take());
          if (count < 0) {
            stream.call().halfClose();
            return;
          }
          taken(count);
          Data data = Data.newBuilder().setData(ByteString.copyFrom(frame, 0, count)).build();
          stream.call().send(TransferCall.any("Data", data));
        }
      } catch (IOException e) {
        failure = e;
        stream.call().close();
      } catch (InterruptedException e) {
        stream.call().close();
      }
    }
  }

  /** Sends all of {@code in}, as the daemon lets. */
  static Sender send(TransferCall transfer, String kind, InputStream in) {
    return new Sender(transfer, kind, in);
  }

  /** Bytes on their way from the daemon. */
  static final class Receiver {
    private final OutputStream out;
    private final Stream stream;
    private long window = WINDOW;
    private volatile @Nullable IOException failure;

    private Receiver(TransferCall transfer, String kind, OutputStream out) {
      this.out = out;
      this.stream =
          transfer.stream(
              kind,
              (call, message) -> {
                try {
                  ByteString data = Data.parseFrom(message.getValue()).getData();
                  data.writeTo(this.out);
                  window -= data.size();
                  if (window < WINDOW) {
                    call.send(update());
                    window += WINDOW;
                  }
                } catch (IOException e) {
                  failure = e;
                  call.close();
                }
              });
      stream.call().send(update());
    }

    private static Any update() {
      return TransferCall.any("WindowUpdate", WindowUpdate.newBuilder().setUpdate(WINDOW).build());
    }

    String id() {
      return stream.id();
    }

    /** What kept the bytes from being written, if anything did. */
    void check() throws IOException {
      IOException lost = failure;
      if (lost != null) {
        throw lost;
      }
    }

    /** Waits for the last byte, which the daemon has sent already. */
    void finish() throws IOException, InterruptedException {
      stream.reader().join();
      check();
      out.flush();
    }
  }

  /** Writes what comes to {@code out}. */
  static Receiver receive(TransferCall transfer, String kind, OutputStream out) {
    return new Receiver(transfer, kind, out);
  }
}
