package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvelopeMessagesTest {
  private final EnvelopeMessages messages = new EnvelopeMessages();

  private static Envelope deleted(String image) {
    return new Envelope(
        Instant.ofEpochSecond(1), "testing", "/images/delete", new Event.ImageDeleted(image));
  }

  @Test
  void allSubscribersGetOneAndTheSameMessage() {
    // Given
    Envelope envelope = deleted("i");

    // Then
    assertSame(messages.of(envelope), messages.of(envelope));
    assertEquals(messages.of(envelope), messages.of(deleted("i")));
  }

  @Test
  void whoComesLateGetsTheMessageOfItsOwnEvent() throws Exception {
    // Given more than are remembered
    List<Envelope> envelopes = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      envelopes.add(deleted("image " + i));
    }
    envelopes.forEach(messages::of);

    // Then
    for (int i = 0; i < envelopes.size(); i++) {
      assertEquals(
          "image " + i,
          dev.carafe.api.events.ImageDelete.parseFrom(
                  messages.of(envelopes.get(i)).getEvent().getValue())
              .getName());
    }
  }
}
