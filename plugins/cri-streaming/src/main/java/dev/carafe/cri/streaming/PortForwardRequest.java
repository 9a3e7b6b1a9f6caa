package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;

/**
 * A sandbox whose ports are wanted. The constructor throws {@link InvalidArgumentException} for
 * ports that cannot be.
 *
 * @param ports what WebSocket channels are made for; clients over SPDY name theirs with each
 *     connection, and send none here
 */
public record PortForwardRequest(String sandboxId, List<Integer> ports) implements Request {
  /** A channel's number is one byte, each port has two, and 255 is a signal. */
  private static final int MOST_PORTS = 127;

  public PortForwardRequest {
    Request.requireId("sandbox id", sandboxId);
    ports = List.copyOf(ports);
    if (ports.size() > MOST_PORTS) {
      throw new InvalidArgumentException(ports.size() + " ports; at most " + MOST_PORTS);
    }
    for (int port : ports) {
      if (port < 1 || port > 65_535) {
        throw new InvalidArgumentException("port " + port + " is not 1 to 65535");
      }
    }
  }

  @Override
  public String kind() {
    return "portforward";
  }
}
