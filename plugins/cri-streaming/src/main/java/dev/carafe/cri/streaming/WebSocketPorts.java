package dev.carafe.cri.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;

/**
 * Port forwarding over a WebSocket: for each port one connection, with a channel of data and one of
 * errors; the first message on each is the port.
 */
final class WebSocketPorts extends WebSocketSession {
  private final PortForwardRequest request;
  private final List<Intake> intakes = new ArrayList<>();
  private int running;

  WebSocketPorts(Host host, Channel channel, PortForwardRequest request, Protocol protocol) {
    super(host, channel, protocol);
    this.request = request;
  }

  @Override
  void opened() {
    running = request.ports().size();
    for (int i = 0; i < running; i++) {
      int port = request.ports().get(i);
      byte[] littleEndian = {(byte) port, (byte) (port >> 8)};
      channel.write(frame(2 * i, littleEndian, 0, 2));
      channel.write(frame(2 * i + 1, littleEndian, 0, 2));
      intakes.add(intake());
    }
    channel.flush();
    for (int i = 0; i < running; i++) {
      int port = request.ports().get(i);
      run(
          "stream-port-" + port,
          new PortRun(
              this,
              request.sandboxId(),
              port,
              intakes.get(i),
              outlet(2 * i),
              outlet(2 * i + 1),
              () -> channel.eventLoop().execute(this::done)));
    }
  }

  private void done() {
    if (--running == 0) {
      finish();
    }
  }

  @Override
  void received(int number, ByteBuf data) {
    if (number % 2 == 0 && number >= 0 && number / 2 < intakes.size()) {
      intakes.get(number / 2).offer(data);
    }
  }

  @Override
  void closed(int number) {
    // Only v5 has this signal, and ports are forwarded by v4.
  }

  @Override
  void lost() {
    intakes.forEach(intake -> intake.fail("the client is gone"));
  }
}
