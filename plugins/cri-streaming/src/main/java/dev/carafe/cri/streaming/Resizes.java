package dev.carafe.cri.streaming;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import com.fasterxml.jackson.core.async.NonBlockingInputFeeder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Terminal sizes: JSON objects in a row, as they come; the newest one counts. */
final class Resizes {
  private static final Logger LOG = LoggerFactory.getLogger(Resizes.class);
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(4)
                  .maxStringLength(256)
                  .maxNameLength(64)
                  .maxNumberLength(10)
                  .build())
          .build();

  private final JsonParser parser;
  private final ByteArrayFeeder feeder;
  private int depth;
  private int width;
  private int height;
  private boolean broken;

  private @Nullable TerminalSize latest;
  private @Nullable Thread teller;
  private boolean ended;

  Resizes() {
    try {
      parser = JSON.createNonBlockingByteArrayParser();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    NonBlockingInputFeeder input = parser.getNonBlockingInputFeeder();
    feeder = (ByteArrayFeeder) input;
  }

  /** Takes what is readable in {@code data}, on the event loop only. After nonsense, nothing. */
  void offer(ByteBuf data) {
    byte[] bytes = ByteBufUtil.getBytes(data);
    if (bytes.length == 0 || broken) {
      return;
    }
    try {
      feeder.feedInput(bytes, 0, bytes.length);
      for (JsonToken token = parser.nextToken();
          token != null && token != JsonToken.NOT_AVAILABLE;
          token = parser.nextToken()) {
        accept(token);
      }
    } catch (IOException e) {
      LOG.debug("no more terminal sizes: {}", e.toString());
      broken = true;
    }
  }

  private void accept(JsonToken token) throws IOException {
    switch (token) {
      case START_OBJECT -> {
        if (depth++ == 0) {
          width = 0;
          height = 0;
        }
      }
      case END_OBJECT -> {
        if (--depth == 0) {
          set(new TerminalSize(width, height));
        }
      }
      case VALUE_NUMBER_INT -> {
        if (depth == 1 && "Width".equalsIgnoreCase(parser.currentName())) {
          width = size();
        } else if (depth == 1 && "Height".equalsIgnoreCase(parser.currentName())) {
          height = size();
        }
      }
      default -> {
        if (depth == 0) {
          throw new IOException("a terminal size is an object");
        }
      }
    }
  }

  private int size() throws IOException {
    long value = parser.getLongValue();
    if (value < 0 || value > 65_535) {
      throw new IOException("terminal size " + value + " is not 0 to 65535");
    }
    return (int) value;
  }

  private synchronized void set(TerminalSize size) {
    latest = size;
    notifyAll();
  }

  /** Starts to tell {@code listener}. */
  synchronized void listen(Workers workers, Consumer<TerminalSize> listener) {
    if (teller != null) {
      throw new IllegalStateException("there is a listener");
    }
    if (!ended) {
      teller = workers.start("stream-resize", () -> tell(listener));
    }
  }

  /** No call starts after this one; one in progress is interrupted. */
  synchronized void end() {
    ended = true;
    if (teller != null) {
      teller.interrupt();
    }
  }

  private void tell(Consumer<TerminalSize> listener) {
    while (true) {
      TerminalSize size;
      synchronized (this) {
        try {
          while (latest == null && !ended) {
            wait();
          }
        } catch (InterruptedException e) {
          return;
        }
        if (ended || latest == null) {
          return;
        }
        size = latest;
        latest = null;
      }
      try {
        listener.accept(size);
      } catch (RuntimeException e) {
        LOG.debug("terminal not resized to {}: {}", size, e.toString());
      }
    }
  }
}
