package dev.carafe.cri;

import dev.carafe.cri.streaming.AttachRequest;
import dev.carafe.cri.streaming.ExecRequest;
import dev.carafe.cri.streaming.StreamHandler;
import dev.carafe.cri.streaming.Streams;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Namespaces;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;

/** What the clients of streaming URLs get. */
final class CriStreams implements StreamHandler {
  private final Records records;
  private final Commands commands;
  private final Function<Pod, Map<String, String>> namespaces;

  CriStreams(Records records, Commands commands, Function<Pod, Map<String, String>> namespaces) {
    this.records = records;
    this.commands = commands;
    this.namespaces = namespaces;
  }

  @Override
  public int exec(ExecRequest request, Streams streams) {
    return commands.run(
        new Commands.Command(
            request.containerId(),
            request.command(),
            request.tty(),
            request.stdin() ? streams.stdin() : null,
            streams.stdout(),
            streams.stderr(),
            Duration.ZERO,
            resize -> streams.onResize(size -> resize.accept(size.width(), size.height()))));
  }

  @Override
  public void attach(AttachRequest request, Streams streams) {
    throw new UnimplementedException("attach is not supported yet");
  }

  @Override
  public void portForward(String sandboxId, int port, InputStream in, OutputStream out)
      throws IOException, InterruptedException {
    Pod pod = records.pod(sandboxId);
    if (!pod.ready()) {
      throw new FailedPreconditionException("pod sandbox " + pod.id() + ": is not ready");
    }
    try (SocketChannel channel = socket(pod)) {
      connect(channel, port);
      Thread up =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  in.transferTo(Channels.newOutputStream(channel));
                  channel.shutdownOutput();
                } catch (IOException e) {
                  close(channel);
                }
              });
      try {
        Channels.newInputStream(channel).transferTo(out);
        out.close();
        up.join();
      } finally {
        up.interrupt();
      }
    }
  }

  /** A socket belongs to the network namespace that it was made in. */
  private SocketChannel socket(Pod pod) throws IOException {
    String namespace = namespaces.apply(pod).get("network");
    if (namespace == null) {
      return SocketChannel.open();
    }
    try (Fd file = PathCalls.open(Path.of(namespace), OpenFlags.RDONLY, 0)) {
      return Namespaces.in(
          file,
          Namespaces.NEWNET,
          () -> {
            try {
              return SocketChannel.open();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private static void connect(SocketChannel channel, int port) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    try {
      channel.connect(
          new InetSocketAddress(
              InetAddress.getByAddress("localhost", new byte[] {127, 0, 0, 1}), port));
    } catch (IOException e) {
      throw new IOException("port " + port + ": " + e.getMessage(), e);
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Whoever reads from it sees the end.
    }
  }
}
