package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.SocketCalls;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where the OCI runtime delivers the controlling end of a new terminal. It is named by a relative
 * path, which cannot be too long for an address: the OCI runtime's working directory is {@code
 * directory}.
 */
final class ConsoleSocket implements AutoCloseable {
  static final String NAME = "console.sock";

  private static final Duration DELIVERY = Duration.ofSeconds(5);
  private static final int LONGEST_NAME = 4096;
  private static final int MOST = 8;

  private final Path path;
  private final Helpers helpers;
  private final Fd listener;

  ConsoleSocket(Path directory, Helpers helpers) {
    this.path = directory.resolve(NAME);
    this.helpers = helpers;
    remove();
    this.listener =
        SocketCalls.listen(RawPath.of(path), SocketCalls.STREAM | OpenFlags.NONBLOCK, 1);
  }

  /** The terminal; the OCI runtime has said that all is set up, so it has been sent. */
  Fd receive() throws InterruptedException {
    await(listener);
    try (Fd connection = SocketCalls.accept(listener, OpenFlags.NONBLOCK)) {
      await(connection);
      var received = SocketCalls.receive(connection, ByteBuffer.allocate(LONGEST_NAME), MOST);
      if (received.descriptors().size() != 1) {
        received.descriptors().forEach(Fd::close);
        throw new UnavailableException("terminal: the OCI runtime sent no descriptor of one");
      }
      Fd terminal = received.descriptors().getFirst();
      FileCalls.setNonBlocking(terminal, false);
      return terminal;
    }
  }

  private void await(Fd fd) throws InterruptedException {
    if (!helpers.await(fd, EventLoop.READABLE, DELIVERY)) {
      throw new UnavailableException("terminal: the OCI runtime did not deliver one");
    }
  }

  private void remove() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    listener.close();
    remove();
  }
}
