package dev.carafe.services;

import dev.carafe.spi.events.Envelope;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Envelopes as messages. Each is made once for all subscribers: the last few are remembered, by
 * identity, for those who come a little later.
 */
final class EnvelopeMessages {
  private static final int SIZE = 1024;

  private final AtomicReferenceArray<Made> last = new AtomicReferenceArray<>(SIZE);

  private record Made(Envelope envelope, dev.carafe.api.types.Envelope message) {}

  dev.carafe.api.types.Envelope of(Envelope envelope) {
    int slot = System.identityHashCode(envelope) % SIZE;
    Made made = last.get(slot);
    if (made == null || made.envelope != envelope) {
      made = new Made(envelope, message(envelope));
      last.set(slot, made);
    }
    return made.message;
  }

  private static dev.carafe.api.types.Envelope message(Envelope envelope) {
    return dev.carafe.api.types.Envelope.newBuilder()
        .setTimestamp(Protos.timestamp(envelope.timestamp()))
        .setNamespace(envelope.namespace())
        .setTopic(envelope.topic())
        .setEvent(EventProtos.any(envelope.event()))
        .build();
  }
}
