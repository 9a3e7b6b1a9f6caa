package dev.carafe.cri.streaming;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Names and abilities of Kubernetes' stream protocols. */
record Protocol(String name, boolean jsonStatus, boolean resizes, boolean closes, boolean base64) {
  static final String PORT_FORWARD = "portforward.k8s.io";

  /** A WebSocket whose messages carry SPDY. */
  static final String TUNNEL = "SPDY/3.1+" + PORT_FORWARD;

  /**
   * Over SPDY, where v1 has no name in the oldest clients; v5 differs from v4 on WebSockets only.
   */
  private static final List<Protocol> SPDY_COMMANDS =
      List.of(
          new Protocol("v5.channel.k8s.io", true, true, false, false),
          new Protocol("v4.channel.k8s.io", true, true, false, false),
          new Protocol("v3.channel.k8s.io", false, true, false, false),
          new Protocol("v2.channel.k8s.io", false, false, false, false),
          new Protocol("channel.k8s.io", false, false, false, false));

  /** What a client gets that asks for nothing. */
  static final Protocol UNNAMED = new Protocol("", false, false, false, false);

  private static final List<Protocol> WEB_SOCKET_COMMANDS =
      List.of(
          new Protocol("v5.channel.k8s.io", true, true, true, false),
          new Protocol("v4.channel.k8s.io", true, true, false, false),
          new Protocol("v4.base64.channel.k8s.io", true, true, false, true),
          new Protocol("channel.k8s.io", false, true, false, false),
          new Protocol("base64.channel.k8s.io", false, true, false, true));

  private static final List<Protocol> WEB_SOCKET_PORTS =
      List.of(
          new Protocol("v4.channel.k8s.io", false, false, false, false),
          new Protocol("v4.base64.channel.k8s.io", false, false, false, true),
          new Protocol(TUNNEL, false, false, false, false));

  private static final List<Protocol> SPDY_PORTS =
      List.of(new Protocol(PORT_FORWARD, false, false, false, false));

  /** What a client may ask for with a request. */
  static List<Protocol> spdy(Request request) {
    return request instanceof CommandRequest ? SPDY_COMMANDS : SPDY_PORTS;
  }

  static List<Protocol> webSocket(Request request) {
    return request instanceof CommandRequest ? WEB_SOCKET_COMMANDS : WEB_SOCKET_PORTS;
  }

  boolean tunnel() {
    return name.equals(TUNNEL);
  }

  /** The first that the client wants and the server has. */
  static Optional<Protocol> choose(List<String> wanted, List<Protocol> offered) {
    for (String name : wanted) {
      for (Protocol protocol : offered) {
        if (protocol.name().equals(name)) {
          return Optional.of(protocol);
        }
      }
    }
    return Optional.empty();
  }

  /** The values of header lines that may hold several each. */
  static List<String> split(List<String> lines) {
    List<String> values = new ArrayList<>();
    for (String line : lines) {
      for (String value : line.split(",", -1)) {
        if (!value.isBlank()) {
          values.add(value.strip());
        }
      }
    }
    return values;
  }

  static boolean contains(List<String> lines, String value) {
    return split(lines).stream().anyMatch(value::equalsIgnoreCase);
  }
}
