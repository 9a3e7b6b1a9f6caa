package dev.carafe.cri.streaming;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** How an exec or attach ended, and how the error stream says so. */
sealed interface Outcome {
  record Success() implements Outcome {}

  record Exit(int code) implements Outcome {}

  record Failure(String reason, String message, int httpCode) implements Outcome {}

  int LONGEST_MESSAGE = 8192;
  JsonFactory JSON = new JsonFactory();

  static Outcome exited(int code) {
    return code == 0 ? new Success() : new Exit(code);
  }

  static Outcome failed(Exception failure) {
    String message = message(failure);
    return failure instanceof NotFoundException
        ? new Failure("NotFound", message, 404)
        : new Failure("InternalError", message, 500);
  }

  static Outcome idle() {
    return new Failure("Timeout", "the stream was idle for too long", 504);
  }

  /** What a client may read about a failure. */
  static String message(Throwable failure) {
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return failure.getClass().getSimpleName();
    }
    String named =
        failure instanceof DaemonException || failure instanceof IOException
            ? message
            : failure.getClass().getSimpleName() + ": " + message;
    return named.length() <= LONGEST_MESSAGE ? named : named.substring(0, LONGEST_MESSAGE);
  }

  /** Text for the protocols before v4: none for success. */
  default byte[] text() {
    String text =
        switch (this) {
          case Success _ -> "";
          case Exit exit -> exitMessage(exit);
          case Failure failure -> failure.message();
        };
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A {@code metav1.Status}, since v4. */
  default byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeObjectFieldStart("metadata");
      json.writeEndObject();
      switch (this) {
        case Success _ -> json.writeStringField("status", "Success");
        case Exit exit -> {
          json.writeStringField("status", "Failure");
          json.writeStringField("message", exitMessage(exit));
          json.writeStringField("reason", "NonZeroExitCode");
          json.writeObjectFieldStart("details");
          json.writeArrayFieldStart("causes");
          json.writeStartObject();
          json.writeStringField("reason", "ExitCode");
          json.writeStringField("message", Integer.toString(exit.code()));
          json.writeEndObject();
          json.writeEndArray();
          json.writeEndObject();
        }
        case Failure failure -> {
          json.writeStringField("status", "Failure");
          json.writeStringField("message", failure.message());
          json.writeStringField("reason", failure.reason());
          json.writeNumberField("code", failure.httpCode());
        }
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static String exitMessage(Exit exit) {
    return "command terminated with exit code " + exit.code();
  }
}
