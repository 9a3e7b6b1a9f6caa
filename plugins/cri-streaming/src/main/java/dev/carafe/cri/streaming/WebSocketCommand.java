package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Exec or attach over a WebSocket: a channel for each stream. */
final class WebSocketCommand extends WebSocketSession {
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;

  private final CommandRequest request;
  private final @Nullable Intake stdin;
  private final Resizes resizes = new Resizes();

  WebSocketCommand(Host host, Channel channel, CommandRequest request, Protocol protocol) {
    super(host, channel, protocol);
    this.request = request;
    this.stdin = request.stdin() ? intake() : null;
  }

  @Override
  void opened() {
    int first = request.stdout() ? STDOUT : request.stderr() ? STDERR : ERROR;
    channel.writeAndFlush(frame(first, new byte[0], 0, 0));
    CommandRun.Pipes pipes =
        new CommandRun.Pipes(
            stdin,
            request.stdout() ? outlet(STDOUT) : null,
            request.stderr() ? outlet(STDERR) : null,
            outlet(ERROR),
            resizes);
    run("stream-" + request.kind(), new CommandRun(this, request, protocol, pipes));
  }

  @Override
  void received(int number, ByteBuf data) {
    if (number == STDIN && stdin != null) {
      stdin.offer(data);
    } else if (number == RESIZE) {
      resizes.offer(data);
    }
  }

  @Override
  void closed(int number) {
    if (number == STDIN && stdin != null) {
      stdin.end();
    }
  }

  @Override
  void lost() {
    if (stdin != null) {
      stdin.fail("the client is gone");
    }
  }
}
