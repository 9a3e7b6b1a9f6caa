package dev.carafe.ttrpc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A peer that does what the test says, byte by byte. */
final class RawPeer implements AutoCloseable {
  private final ServerSocketChannel server;
  private final Path socket;

  /** What it does with a client. */
  interface Behaviour {
    void run(SocketChannel client) throws Exception;
  }

  RawPeer(Path socket, Behaviour behaviour) throws IOException {
    this.socket = socket;
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual()
        .start(() -> {
          while (server.isOpen()) {
            try {
              SocketChannel client = server.accept();
              Thread.ofVirtual().start(() -> serve(client, behaviour));
            } catch (IOException e) {
              return;
            }
          }
        });
  }

  private static void serve(SocketChannel client, Behaviour behaviour) {
    try (client) {
      behaviour.run(client);
    } catch (Exception _) {
      // The client went away, or the test is over.
    }
  }

  Path socket() {
    return socket;
  }

  /** Reads one frame and returns its stream. */
  static int readFrame(SocketChannel client) throws IOException {
    ByteBuffer header = read(client, Frame.HEADER);
    int length = header.getInt();
    int stream = header.getInt();
    read(client, length);
    return stream;
  }

  static ByteBuffer read(SocketChannel client, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (client.read(buffer) < 0) {
        throw new IOException("end");
      }
    }
    return buffer.flip();
  }

  static ByteBuffer header(int length, int stream, int type, int flags) {
    return ByteBuffer.allocate(Frame.HEADER)
        .putInt(length)
        .putInt(stream)
        .put((byte) type)
        .put((byte) flags)
        .flip();
  }

  /** Stays connected and does nothing more. */
  static void hang(SocketChannel client) throws IOException {
    read(client, Integer.MAX_VALUE / 4);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
