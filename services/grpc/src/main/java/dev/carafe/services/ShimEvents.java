package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.events.ttrpc.v1.ForwardRequest;
import dev.carafe.spi.events.EventBus;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcException;
import dev.carafe.ttrpc.TtrpcServer;
import io.grpc.Status;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events of shims, over ttrpc. What happens in a task's life the engine tells itself, from its own
 * knowledge, in order, and also when a shim is dead: the shim's word for it is dropped, whichever
 * task it is about, so that nothing is told twice. What only the shim knows passes: that memory ran
 * out, and all that is not about tasks.
 */
public final class ShimEvents {
  private static final Logger LOG = LoggerFactory.getLogger(ShimEvents.class);
  private static final String SERVICE = "containerd.services.events.ttrpc.v1.Events";
  private static final Set<String> TOLD_BY_THE_ENGINE =
      Set.of(
          "containerd.events.TaskCreate",
          "containerd.events.TaskStart",
          "containerd.events.TaskExit",
          "containerd.events.TaskDelete",
          "containerd.events.TaskExecAdded",
          "containerd.events.TaskExecStarted",
          "containerd.events.TaskPaused",
          "containerd.events.TaskResumed",
          "containerd.events.TaskCheckpointed");

  private final EventBus events;

  private ShimEvents(EventBus events) {
    this.events = events;
  }

  /** The server; it listens where it is told to. */
  public static TtrpcServer server(EventBus events) {
    var service = new ShimEvents(events);
    return TtrpcServer.builder()
        .unary(
            SERVICE,
            "Forward",
            ForwardRequest.parser(),
            (call, request) -> service.forward(request))
        .failures(ShimEvents::failure)
        .build();
  }

  private Empty forward(ForwardRequest request) {
    dev.carafe.api.types.Envelope envelope = request.getEnvelope();
    if (TOLD_BY_THE_ENGINE.contains(Anys.name(envelope.getEvent()))) {
      LOG.trace("shim: {} in {}", envelope.getTopic(), envelope.getNamespace());
    } else {
      events.publish(EventProtos.forwarded(envelope));
    }
    return Empty.getDefaultInstance();
  }

  private static TtrpcException failure(Throwable failure) {
    Status status = Failures.status(failure);
    String words = status.getDescription();
    return new TtrpcException(
        StatusCode.of(status.getCode().value()), words == null ? "" : words, failure);
  }
}
