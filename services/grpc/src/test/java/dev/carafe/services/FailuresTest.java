package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.NotFoundException;
import io.grpc.Status;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FailuresTest {
  @Test
  void messagesStayAsTheyAre() {
    Status status = Failures.status(new NotFoundException("image \"n\": not found"));

    assertEquals(Status.Code.NOT_FOUND, status.getCode());
    assertEquals("image \"n\": not found", status.getDescription());
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "%", "\n", "ä", "\u20ac", "\uD83D\uDCA5"})
  void longMessagesFitIntoAHeaderAndKeepTheirEnds(String part) {
    String name = part.repeat(100_000);

    String message =
        Failures.status(new NotFoundException("image \"" + name + "\": not found"))
            .getDescription();

    assertTrue(message.startsWith("image \"" + part), message);
    assertTrue(message.endsWith(part + "\": not found"), message);
    String encoded = URLEncoder.encode(message, StandardCharsets.UTF_8);
    assertTrue(encoded.length() < 8000, "encoded it has " + encoded.length() + " bytes");
  }
}
