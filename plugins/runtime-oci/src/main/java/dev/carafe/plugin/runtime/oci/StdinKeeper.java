package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Descriptors;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.SocketCalls;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Holds the writing end of a container's stdin until the client says that it is closed, also over
 * the daemon's death: the descriptor lies in a message that nobody has received, in a socket that
 * the monitor inherits and does not read. To let go of it, the daemon borrows the monitor's socket
 * and receives the message.
 *
 * @param socket for the monitor to inherit; closed by {@link #close}, the monitor's stays open
 */
record StdinKeeper(Optional<Fd> socket) implements AutoCloseable {

  static StdinKeeper of(Optional<Fd> writer) {
    if (writer.isEmpty()) {
      return new StdinKeeper(Optional.empty());
    }
    Descriptors.Pair pair = SocketCalls.socketpair(SocketCalls.SEQPACKET | OpenFlags.NONBLOCK);
    try (Fd sender = pair.second()) {
      SocketCalls.send(sender, ByteBuffer.wrap(new byte[1]), List.of(writer.get()));
      return new StdinKeeper(Optional.of(pair.first()));
    } catch (RuntimeException | Error e) {
      pair.close();
      throw e;
    }
  }

  /** Lets go of it; nothing happens if that was done before, or the monitor is gone. */
  static void release(Pid monitor, int number) {
    if (number < 0) {
      return;
    }
    Optional<Fd> pidfd = monitor.open();
    if (pidfd.isEmpty()) {
      return;
    }
    try (Fd process = pidfd.get();
        Fd socket = ProcessCalls.pidfdGetfd(process, number)) {
      SocketCalls.receive(socket, ByteBuffer.allocate(1), 1).descriptors().forEach(Fd::close);
    } catch (ErrnoException e) {
      // Received before; or the monitor has just ended and everything with it.
      if (!e.is(Errno.EAGAIN) && !e.is(Errno.ESRCH) && !e.is(Errno.EBADF)) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    socket.ifPresent(Fd::close);
  }
}
