package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.events.v1.ForwardRequest;
import dev.carafe.api.services.events.v1.PublishRequest;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/**
 * Events of clients, and to clients. A subscriber that cannot keep up is told so by the end of its
 * stream.
 */
final class EventsService extends EventsGrpc.EventsImplBase {
  private static final int CAPACITY = 16_384;
  private static final Duration TURN = Duration.ofSeconds(30);

  private final EventBus events;
  private final EnvelopeMessages messages = new EnvelopeMessages();

  EventsService(EventBus events) {
    this.events = events;
  }

  @Override
  public void publish(PublishRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = Calls.namespace();
          events.publish(
              new Envelope(
                  Instant.now(),
                  namespace.name(),
                  request.getTopic(),
                  EventProtos.foreign(request.getTopic(), request.getEvent())));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void forward(ForwardRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          events.publish(EventProtos.forwarded(request.getEnvelope()));
          return Empty.getDefaultInstance();
        });
  }

  /** Subscribes before it returns, so that what the client does next is seen. */
  @Override
  public void subscribe(
      SubscribeRequest request, StreamObserver<dev.carafe.api.types.Envelope> observer) {
    Subscription subscription;
    try {
      Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
      subscription =
          events.subscribe(envelope -> filter.test(path -> field(envelope, path)), CAPACITY);
    } catch (RuntimeException e) {
      observer.onError(Failures.status(e).asRuntimeException());
      return;
    }
    Calls.stream(
        observer,
        sink -> {
          try (subscription) {
            while (true) {
              Envelope envelope = subscription.next(TURN);
              if (envelope != null) {
                sink.send(messages.of(envelope));
              }
            }
          }
        });
  }

  private static @org.jspecify.annotations.Nullable String field(
      Envelope envelope, List<String> path) {
    return switch (path.getFirst()) {
      case "namespace" -> path.size() == 1 ? envelope.namespace() : null;
      case "topic" -> path.size() == 1 ? envelope.topic() : null;
      case "event" ->
          path.size() > 1
              ? EventProtos.field(envelope.event(), path.subList(1, path.size()))
              : null;
      default -> null;
    };
  }
}
