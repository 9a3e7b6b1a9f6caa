package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Descriptors;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.SocketCalls;
import dev.carafe.spi.runtimes.TaskStreams;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to conmon's attach socket, a SOCK_SEQPACKET: each packet of output is one byte that
 * names the stream, then what was written; what is sent is input as it is.
 */
final class Attachment implements TaskStreams {
  /** conmon's number of standard error; standard output is 2. */
  private static final int STDERR = 3;

  private static final int PACKET = 64 << 10;
  private static final int INPUT = 8 << 10;

  private final Fd reader;

  /** The same socket again, because the loop waits for a descriptor once only. */
  private final Fd writer;

  private final EventLoop loop;
  private final ByteBuffer packet = ByteBuffer.allocate(PACKET);

  private Attachment(Fd reader, Fd writer, EventLoop loop) {
    this.reader = reader;
    this.writer = writer;
    this.loop = loop;
  }

  static Attachment to(Path bundle, EventLoop loop) {
    Fd socket;
    try {
      socket =
          SocketCalls.connect(
              RawPath.of(bundle.resolve("attach")), SocketCalls.SEQPACKET | OpenFlags.NONBLOCK);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ECONNREFUSED)) {
        throw Task.finished();
      }
      throw e;
    }
    try {
      return new Attachment(socket, Descriptors.duplicate(socket), loop);
    } catch (RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public @Nullable Output next() throws InterruptedException {
    while (true) {
      packet.clear();
      try {
        int count = SocketCalls.receive(reader, packet, 0).bytes();
        if (count == 0) {
          return null;
        }
        return new Output(packet.get(0) == STDERR, Arrays.copyOfRange(packet.array(), 1, count));
      } catch (ErrnoException e) {
        if (isOver(e)) {
          return null;
        }
        await(e, reader, EventLoop.READABLE);
      }
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws InterruptedException {
    ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
    while (left.hasRemaining()) {
      ByteBuffer piece = left.slice(left.position(), Math.min(INPUT, left.remaining()));
      try {
        left.position(left.position() + SocketCalls.send(writer, piece, List.of()));
      } catch (ErrnoException e) {
        if (isOver(e)) {
          return;
        }
        await(e, writer, EventLoop.WRITABLE);
      }
    }
  }

  private static boolean isOver(ErrnoException e) {
    return e.is(Errno.ECONNRESET) || e.is(Errno.EPIPE) || e.is(Errno.ENOTCONN);
  }

  private void await(ErrnoException cause, Fd fd, int event) throws InterruptedException {
    if (!cause.is(Errno.EAGAIN)) {
      throw cause;
    }
    CompletableFuture<Integer> ready = loop.ready(fd, event);
    try {
      ready.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      ready.cancel(false);
    }
  }

  @Override
  public void endInput() {
    try {
      SocketCalls.shutdownWrite(writer);
    } catch (ErrnoException e) {
      if (!isOver(e)) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    writer.close();
    reader.close();
  }
}
