package dev.carafe.testkit.diffs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link LayerProcessor} as tests. Subclass it and bring a layer. Every check has
 * an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class LayerProcessorConformance {
  private LayerProcessor processor;

  /**
   * A layer that the processor takes.
   *
   * @param result what comes out of it
   */
  public record Sample(
      String mediaType, Map<String, byte[]> payloads, byte[] layer, byte[] result) {}

  /** Opens it over a private directory. */
  protected abstract LayerProcessor open(Path directory) throws Exception;

  /** A layer of at least a hundred bytes. */
  protected abstract Sample sample();

  @BeforeEach
  void open(WorkDirectory work) throws Exception {
    processor = open(work.path());
    if (processor instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
  }

  private InputStream process(InputStream layer) {
    return processor.process(sample().mediaType(), sample().payloads(), layer);
  }

  @Test
  @DisplayName("PROC-TYPE-01 what comes out of a media type is always the same, and another one")
  void answersAreStable() {
    Optional<String> out = processor.returns(sample().mediaType());
    assertTrue(out.isPresent());
    assertNotEquals(sample().mediaType(), out.get());
    assertEquals(out, processor.returns(sample().mediaType()));
    assertEquals(Optional.empty(), processor.returns("application/vnd.example.nothing"));
  }

  @Test
  @DisplayName("PROC-READ-01 a layer comes out as it should, also in pieces")
  void processes() throws IOException {
    try (InputStream out = process(new ByteArrayInputStream(sample().layer()))) {
      assertArrayEquals(sample().result(), out.readAllBytes());
      assertEquals(-1, out.read());
    }
    try (InputStream out = process(new Dripping(sample().layer()))) {
      assertArrayEquals(sample().result(), out.readAllBytes());
    }
  }

  @Test
  @DisplayName("PROC-READ-02 many are processed at once")
  void manyAtOnce() {
    List<Callable<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(() -> {
        try (InputStream out = process(new ByteArrayInputStream(sample().layer()))) {
          return out.readAllBytes().length;
        }
      });
    }
    for (Race.Outcome<Integer> outcome : Race.run(calls)) {
      assertEquals(sample().result().length, outcome.value());
    }
  }

  @Test
  @DisplayName("PROC-FAIL-01 a layer that cannot be read fails the reader")
  void unreadableLayerFails() throws IOException {
    InputStream broken =
        new Dripping(sample().layer()) {
          @Override
          void beforeEach(int position) throws IOException {
            if (position == 50) {
              throw new IOException("the line went down");
            }
          }
        };
    try (InputStream out = process(broken)) {
      assertThrows(IOException.class, out::readAllBytes);
    }
  }

  @Test
  @DisplayName("PROC-CLOSE-01 begins at once; when it is closed, the layer is read no more")
  void closingEnds() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    AtomicBoolean closed = new AtomicBoolean();
    AtomicInteger readsAfter = new AtomicInteger();
    InputStream slow =
        new Dripping(sample().layer()) {
          @Override
          void beforeEach(int position) throws IOException {
            if (closed.get()) {
              readsAfter.incrementAndGet();
            }
            if (position == 50) {
              stuck.countDown();
              try {
                letGo.await();
              } catch (InterruptedException e) {
                throw new InterruptedIOException();
              }
            }
          }
        };
    InputStream out = process(slow);
    assertTrue(stuck.await(10, TimeUnit.SECONDS), "the layer is not read");
    // As the owner of the layer does, when a pull ends.
    Thread owner =
        Thread.ofVirtual()
            .start(() -> {
              try {
                letGo.await(1, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              letGo.countDown();
            });

    out.close();
    closed.set(true);

    owner.join();
    Thread.sleep(100);
    assertEquals(0, readsAfter.get());
    out.close();
  }

  /** One byte at a time. */
  private static class Dripping extends InputStream {
    private final byte[] bytes;
    private int position;

    Dripping(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    /** May throw instead of the byte at a position. */
    void beforeEach(int next) throws IOException {}

    @Override
    public int read() throws IOException {
      beforeEach(position);
      return position < bytes.length ? bytes[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int one = length == 0 ? 0 : read();
      if (one < 0) {
        return -1;
      }
      if (length > 0) {
        buffer[offset] = (byte) one;
      }
      return Math.min(length, 1);
    }
  }
}
