package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.net.InetAddress;
import java.time.Duration;

/** Where streams are served and what bounds them: the table {@code [cri.streaming]}. */
public record StreamingConfig(
    @Description(
            "IP address that streams are served on. Whoever has a URL needs no other proof: leave it"
                + " at loopback unless the kubelet is elsewhere.")
        String address,
    @Description("Port that streams are served on; 0 for any free one.") int port,
    @Description("PEM file with the server's certificate; empty for no TLS.") String tlsCert,
    @Description("PEM file with its key, PKCS #8.") String tlsKey,
    @Description(
            "PEM file with the certificates that clients' certificates must go back to; empty for"
                + " none asked for.")
        String tlsCa,
    @Description("How long a connection may carry no data before it is ended.")
        Duration idleTimeout,
    @Description("How long a client may take to open the streams that it needs.")
        Duration streamCreationTimeout,
    @Description("How often a connection is probed for a client that is gone.")
        Duration pingInterval,
    @Description("How long a URL may be used.") Duration tokenTtl,
    @Description("How many URLs may wait to be used.") int maxPending,
    @Description("How many connections may be open.") int maxConnections,
    @Description("How many streams one connection may have open; a forwarded connection has two.")
        int maxStreams,
    @Description("How many bytes a WebSocket message may have.") int maxMessageBytes) {
  private static final Duration LONGEST = Duration.ofDays(7);

  public static final StreamingConfig DEFAULT =
      new StreamingConfig(
          "127.0.0.1",
          0,
          "",
          "",
          "",
          Duration.ofHours(4),
          Duration.ofSeconds(30),
          Duration.ofSeconds(15),
          Duration.ofMinutes(1),
          1000,
          1000,
          512,
          1 << 20);

  public StreamingConfig {
    try {
      if (InetAddress.ofLiteral(address).isAnyLocalAddress()) {
        throw new InvalidArgumentException(
            "address: \"" + address + "\" is none that a URL can name; give the one to serve on");
      }
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("address: \"" + address + "\" is not an IP address", e);
    }
    requireRange("port", port, 0, 65_535);
    if (tlsCert.isEmpty() != tlsKey.isEmpty()) {
      throw new InvalidArgumentException("tls_cert and tls_key: one without the other");
    }
    if (!tlsCa.isEmpty() && tlsCert.isEmpty()) {
      throw new InvalidArgumentException("tls_ca: needs tls_cert and tls_key");
    }
    requireDuration("idle_timeout", idleTimeout);
    requireDuration("stream_creation_timeout", streamCreationTimeout);
    requireDuration("ping_interval", pingInterval);
    requireDuration("token_ttl", tokenTtl);
    requireRange("max_pending", maxPending, 1, 100_000);
    requireRange("max_connections", maxConnections, 1, 100_000);
    requireRange("max_streams", maxStreams, 5, 10_000);
    requireRange("max_message_bytes", maxMessageBytes, 32 << 10, 64 << 20);
  }

  boolean tls() {
    return !tlsCert.isEmpty();
  }

  private static void requireRange(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new InvalidArgumentException(key + " " + value + " is not in " + least + " to " + most);
    }
  }

  private static void requireDuration(String key, Duration value) {
    if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException(key + " is not in 1ms to 7 days");
    }
  }
}
