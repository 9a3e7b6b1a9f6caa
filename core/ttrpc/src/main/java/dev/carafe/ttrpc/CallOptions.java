package dev.carafe.ttrpc;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What goes with a call.
 *
 * @param timeout until the answer must be there; the peer is told; zero for none
 * @param metadata headers, each with one or more values
 */
public record CallOptions(Duration timeout, Map<String, List<String>> metadata) {
  /** No timeout, no headers. */
  public static final CallOptions NONE = new CallOptions(Duration.ZERO, Map.of());

  public CallOptions {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
    metadata = Map.copyOf(metadata);
  }

  public CallOptions withTimeout(Duration newTimeout) {
    return new CallOptions(newTimeout, metadata);
  }

  public boolean hasTimeout() {
    return !timeout.isZero();
  }
}
