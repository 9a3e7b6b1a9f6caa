package dev.carafe.host;

import dev.carafe.host.BoundedCall.StepFailedException;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.DaemonException;
import java.time.Duration;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates plugins and closes them, each step with a deadline. */
final class PluginMaker {
  private static final Logger log = LoggerFactory.getLogger(PluginMaker.class);

  private final DaemonConfig config;
  private final PluginGraph graph;

  PluginMaker(DaemonConfig config, PluginGraph graph) {
    this.config = config;
    this.graph = graph;
  }

  /** A creation under way. */
  record Creation(
      Node node, PluginTables.Bound bound, HostContext context, BoundedCall<Object> call) {}

  Creation begin(Node node, PluginTables.Bound bound) {
    HostContext context =
        new HostContext(node, graph, config.root(), config.state(), config.grpc().address());
    BoundedCall<Object> call =
        new BoundedCall<>(
            "plugin " + node.uri() + ": create",
            node.candidate().loader(),
            () ->
                Objects.requireNonNull(
                    node.candidate().maker().create(context, bound.config()),
                    "create() returns null"));
    return new Creation(node, bound, context, call.start());
  }

  static GuardedPlugin guard(Node node, PluginTables.Bound bound) {
    return new GuardedPlugin(
        node.uri(),
        node.declaration().type().contract(),
        bound.limits(),
        node.candidate().loader());
  }

  /** Waits for the plugin; the node then is running or failed. */
  void finish(Creation creation) {
    Node node = creation.node();
    Duration atMost = Duration.ofSeconds(config.pluginLimits().createSeconds());
    long start = System.nanoTime();
    try {
      Object plugin = creation.call().get(atMost);
      if (!node.declaration().type().contract().isInstance(plugin)) {
        throw new StepFailedException(
            plugin.getClass().getName()
                + " is no "
                + node.declaration().type().contract().getName(),
            null);
      }
      node.created(
          plugin,
          creation.bound().limits(),
          creation.context(),
          Duration.ofNanos(creation.call().nanos()));
    } catch (StepFailedException e) {
      if (e.getCause() != null && !(e.getCause() instanceof DaemonException)) {
        log.warn("plugin {}: create", node.uri(), e.getCause());
      }
      node.failed(e.getMessage(), Duration.ofNanos(System.nanoTime() - start));
    } finally {
      creation.context().expire();
    }
  }

  /** Closes a plugin after its calls have returned, or their time is up. */
  void close(Node node) {
    Duration atMost = Duration.ofSeconds(config.pluginLimits().closeSeconds());
    long start = System.nanoTime();
    GuardedPlugin guard = node.guard();
    if (guard != null && !guard.drain(atMost)) {
      log.warn(
          "plugin {} is closed with {} calls in flight", node.uri(), guard.counters().inFlight());
    }
    Duration left = atMost.minusNanos(System.nanoTime() - start);
    closeInstance(node, left.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : left);
    node.closed();
  }

  /** Calls {@code close()} where there is one. */
  void closeInstance(Node node, Duration atMost) {
    if (node.instance() instanceof AutoCloseable closeable) {
      BoundedCall<Boolean> call =
          new BoundedCall<>(
              "plugin " + node.uri() + ": close",
              node.candidate().loader(),
              () -> {
                closeable.close();
                return true;
              });
      try {
        call.start().get(atMost);
      } catch (StepFailedException e) {
        log.warn("plugin {}: close: {}", node.uri(), e.getMessage());
      }
    }
  }
}
