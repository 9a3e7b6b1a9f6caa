package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A shim that speaks ttrpc. */
final class TtrpcShim implements ShimConnection {
  private static final String NAMESPACE = "containerd-namespace-ttrpc";

  private final TtrpcClient client;
  private final CallOptions options;

  private TtrpcShim(TtrpcClient client, String namespace) {
    this.client = client;
    this.options = new CallOptions(Duration.ZERO, Map.of(NAMESPACE, List.of(namespace)));
  }

  static TtrpcShim open(Bootstrap bootstrap, String namespace, Duration timeout)
      throws InterruptedException {
    try {
      return new TtrpcShim(TtrpcClient.connect(bootstrap.socket(), timeout), namespace);
    } catch (TtrpcException e) {
      throw translated(e);
    }
  }

  private static RuntimeException translated(TtrpcException e) {
    String message = String.valueOf(e.getMessage());
    return e.connectionClosed()
        ? new ShimGoneException(message, e)
        : ShimFailures.of(e.code(), message);
  }

  @Override
  public <T extends MessageLite> T call(
      String service, String method, MessageLite argument, Parser<T> parser, Duration timeout)
      throws InterruptedException {
    try {
      return client.call(service, method, argument, parser, options.withTimeout(timeout));
    } catch (TtrpcException e) {
      throw translated(e);
    }
  }

  @Override
  public CompletableFuture<Void> closed() {
    return client.closed().thenRun(() -> {});
  }

  @Override
  public void close() {
    client.close();
  }
}
