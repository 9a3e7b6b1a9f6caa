package dev.carafe.cri;

import dev.carafe.cri.streaming.AttachRequest;
import dev.carafe.cri.streaming.ExecRequest;
import dev.carafe.cri.streaming.StreamHandler;
import dev.carafe.cri.streaming.Streams;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.linux.LoopbackPorts;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.TaskStreams;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the clients of streaming URLs get. */
final class CriStreams implements StreamHandler {
  private static final Logger log = LoggerFactory.getLogger(CriStreams.class);
  private static final int BLOCK = 8 << 10;

  private final Records records;
  private final TaskManager tasks;
  private final Commands commands;
  private final Function<Pod, Map<String, String>> namespaces;

  CriStreams(
      Records records,
      TaskManager tasks,
      Commands commands,
      Function<Pod, Map<String, String>> namespaces) {
    this.records = records;
    this.tasks = tasks;
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
  public void attach(AttachRequest request, Streams streams)
      throws IOException, InterruptedException {
    CriContainer container = records.container(request.containerId());
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    try (TaskStreams task = tasks.attach(Records.NAMESPACE, container.id())) {
      if (container.config().getTty()) {
        streams.onResize(size ->
            tasks.resize(Records.NAMESPACE, container.id(), "", size.width(), size.height()));
      }
      Thread input = null;
      if (request.stdin() && container.config().getStdin()) {
        input = Thread.ofVirtual().start(() -> feed(streams.stdin(), task));
      }
      try {
        for (TaskStreams.Output out = task.next(); out != null; out = task.next()) {
          (out.stderr() ? streams.stderr() : streams.stdout()).write(out.bytes());
        }
      } finally {
        if (input != null) {
          input.interrupt();
          input.join();
        }
      }
    }
  }

  private static void feed(InputStream from, TaskStreams task) {
    var block = new byte[BLOCK];
    try {
      for (int count = from.read(block); count >= 0; count = from.read(block)) {
        task.write(block, 0, count);
      }
      task.endInput();
    } catch (IOException | InterruptedException e) {
      // The client or the process is gone; the other direction sees that, too.
    }
  }

  @Override
  public void portForward(String sandboxId, int port, InputStream in, OutputStream out)
      throws IOException, InterruptedException {
    Pod pod = records.pod(sandboxId);
    if (!pod.ready()) {
      throw new FailedPreconditionException("pod sandbox " + pod.id() + ": is not ready");
    }
    try (SocketChannel channel = connect(pod, port)) {
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

  /**
   * Through a container where its runtime knows the way, since not every network is a namespace of
   * the kernel's; else in the network of the pod.
   */
  private SocketChannel connect(Pod pod, int port) throws IOException {
    for (CriContainer container : records.containersOf(pod.id())) {
      if (container.running()) {
        try {
          return tasks.connect(Records.NAMESPACE, container.id(), port);
        } catch (UnimplementedException | NotFoundException | FailedPreconditionException e) {
          log.debug("port {} of container {}: {}", port, container.id(), e.getMessage());
        }
      }
    }
    String namespace = namespaces.apply(pod).get("network");
    return LoopbackPorts.connect(namespace == null ? null : Path.of(namespace), port);
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Whoever reads from it sees the end.
    }
  }
}
