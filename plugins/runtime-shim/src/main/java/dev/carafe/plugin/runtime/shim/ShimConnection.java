package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnknownException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A connection to a shim, over either protocol. Calls may come from many threads. */
interface ShimConnection extends AutoCloseable {
  /**
   * Connects.
   *
   * @throws ShimGoneException if no shim listens there any more
   * @throws DeadlineExceededException if it does not answer
   */
  static ShimConnection open(Bootstrap bootstrap, String namespace, Duration timeout)
      throws InterruptedException {
    // Also for gRPC, whose own connecting does not tell a dead shim from a slow one.
    TtrpcShim probe = TtrpcShim.open(bootstrap, namespace, timeout);
    if (bootstrap.protocol().equals(Bootstrap.TTRPC)) {
      return probe;
    }
    probe.close();
    return new GrpcShim(bootstrap, namespace);
  }

  /**
   * Calls a method of a service.
   *
   * @param timeout zero for none
   * @throws ShimGoneException if the connection ended meanwhile
   * @throws DaemonException what the shim answered, if it is of a known kind
   * @throws UnknownException anything else that it answered
   */
  <T extends MessageLite> T call(
      String service, String method, MessageLite argument, Parser<T> parser, Duration timeout)
      throws InterruptedException;

  /** Completes when the connection has ended, whoever ended it. */
  CompletableFuture<Void> closed();

  @Override
  void close();
}
