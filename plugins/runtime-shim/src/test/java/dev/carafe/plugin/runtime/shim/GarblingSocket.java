package dev.carafe.plugin.runtime.shim;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Stands before a shim and passes on what both sides say, or noise in place of its answers. */
final class GarblingSocket implements AutoCloseable {
  private final Path behind;
  private final ServerSocketChannel server;
  private final List<SocketChannel> open = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
  private volatile boolean garbling;

  GarblingSocket(Path socket, Path behind) throws IOException {
    this.behind = behind;
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    threads.add(Thread.ofVirtual().start(this::accept));
  }

  /** From now on no answer comes through. */
  void garble() {
    garbling = true;
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = server.accept();
        SocketChannel shim = SocketChannel.open(UnixDomainSocketAddress.of(behind));
        open.addAll(List.of(client, shim));
        threads.add(Thread.ofVirtual().start(() -> pass(client, shim, false)));
        threads.add(Thread.ofVirtual().start(() -> pass(shim, client, true)));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void pass(SocketChannel from, SocketChannel to, boolean answers) {
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    try (from;
        to) {
      while (from.read(buffer) >= 0) {
        buffer.flip();
        if (answers && garbling) {
          buffer =
              ByteBuffer.wrap("x".repeat(500).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
        buffer = ByteBuffer.allocate(8192);
      }
    } catch (IOException e) {
      // One of both has gone.
    }
  }

  @Override
  public void close() throws Exception {
    server.close();
    for (SocketChannel channel : List.copyOf(open)) {
      channel.close();
    }
    for (Thread thread : List.copyOf(threads)) {
      thread.join();
    }
  }
}
