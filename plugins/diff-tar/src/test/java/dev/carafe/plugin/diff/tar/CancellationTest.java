package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Calls that end before their archive does. */
@ExtendWith(LeakCheck.class)
class CancellationTest {
  private Path root;
  private Layers layers;

  @BeforeEach
  void prepare(WorkDirectory work) throws IOException {
    root = Files.createDirectories(work.path().resolve("root"));
    layers = new Layers(work.path());
  }

  private ApplyRequest request() {
    var layer = new Descriptor(Layers.TAR, Digest.of(new byte[0]), 0);
    return new ApplyRequest(layer, List.of(Layers.bind(root)), Whiteouts.DELETE, false);
  }

  /** A stream that gives {@code start} and then waits until its reader is interrupted. */
  private static InputStream stalled(byte[] start, CountDownLatch waiting) {
    var rest =
        new InputStream() {
          @Override
          public int read() throws IOException {
            waiting.countDown();
            try {
              new CountDownLatch(1).await();
              return -1;
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
              throw new InterruptedIOException();
            }
          }
        };
    return new SequenceInputStream(new ByteArrayInputStream(start), rest);
  }

  /** The same entries over and over. */
  private static InputStream endless(byte[] entries, CountDownLatch started) {
    return new InputStream() {
      private long at;

      @Override
      public int read() {
        started.countDown();
        return entries[(int) (at++ % entries.length)] & 0xff;
      }
    };
  }

  private Throwable interrupted(Thread.Builder builder, InputStream archive, CountDownLatch when)
      throws InterruptedException {
    var failure = new AtomicReference<Throwable>();
    var stillInterrupted = new AtomicBoolean();
    Thread caller =
        builder.start(() -> {
          try {
            layers.differ().apply(request(), archive);
          } catch (Throwable t) {
            failure.set(t);
          }
          stillInterrupted.set(Thread.currentThread().isInterrupted());
        });
    assertTrue(when.await(30, TimeUnit.SECONDS));
    caller.interrupt();
    assertTrue(caller.join(Duration.ofSeconds(30)), "still at work");
    assertTrue(stillInterrupted.get());
    return failure.get();
  }

  @Test
  void anInterruptEndsACallThatWaitsForItsArchive() throws InterruptedException {
    byte[] start = new TarBuilder().file("f", "x").unfinished();
    for (Thread.Builder builder : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
      var waiting = new CountDownLatch(1);
      assertInstanceOf(
          CancelledException.class, interrupted(builder, stalled(start, waiting), waiting));
    }
  }

  @Test
  void anInterruptEndsACallThatIsAtWork() throws InterruptedException {
    byte[] entries = new TarBuilder().file("f", "x").dir("d/").file("d/g", "y").unfinished();
    for (Thread.Builder builder : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
      var started = new CountDownLatch(1);
      assertInstanceOf(
          CancelledException.class, interrupted(builder, endless(entries, started), started));
    }
  }

  @Test
  void aFailedEntryEndsTheReading() throws InterruptedException {
    byte[] entries = new TarBuilder().file("../f", "x").unfinished();
    var failure = new AtomicReference<Throwable>();
    Thread caller =
        Thread.startVirtualThread(() ->
            failure.set(
                assertThrows(
                    InvalidArgumentException.class,
                    () -> layers.apply(request(), endless(entries, new CountDownLatch(1))))));
    assertTrue(caller.join(Duration.ofSeconds(30)), "still reading");
    assertInstanceOf(InvalidArgumentException.class, failure.get());
  }

  @Test
  void whatGoesWrongWhileReadingIsNotTheArchivesFault() {
    var broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("connection reset");
          }
        };
    var failure = assertThrows(UnavailableException.class, () -> layers.apply(request(), broken));
    assertTrue(failure.getMessage().contains("connection reset"), failure.getMessage());

    var own = new NotFoundException("blob gone");
    var gone =
        new InputStream() {
          @Override
          public int read() {
            throw own;
          }
        };
    assertSame(own, assertThrows(NotFoundException.class, () -> layers.apply(request(), gone)));
  }

  @Test
  void fewerOrMoreBytesThanTheDescriptorSaysAreDamage() {
    byte[] layer = new TarBuilder().file("f", "x").build();
    for (long size : new long[] {layer.length - 1, layer.length + 1}) {
      var descriptor = new Descriptor(Layers.TAR, Digest.of(layer), size);
      var request =
          new ApplyRequest(descriptor, List.of(Layers.bind(root)), Whiteouts.DELETE, false);
      assertThrows(
          DataLossException.class, () -> layers.apply(request, new ByteArrayInputStream(layer)));
    }
  }

  @Test
  void aSyncedLayerIsApplied() {
    byte[] layer = new TarBuilder().file("f", "x").build();
    var descriptor = new Descriptor(Layers.TAR, Digest.of(layer), layer.length);
    var request = new ApplyRequest(descriptor, List.of(Layers.bind(root)), Whiteouts.DELETE, true);
    layers.apply(request, new ByteArrayInputStream(layer));
    assertTrue(Files.exists(root.resolve("f")));
  }

  @Test
  void aWriterThatFailsEndsADiff() {
    layers.apply(new TarBuilder().entry('0', "f", new byte[10 << 20], _ -> {}).build(), root);
    var full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("no room");
          }
        };
    var request = new DiffRequest(List.of(), List.of(Layers.bind(root)), Layers.TAR, null);
    var failure =
        assertThrows(UnavailableException.class, () -> layers.differ().diff(request, full));
    assertEquals("diff: while writing: no room", failure.getMessage());
  }

  @Test
  void manyLayersAtOnce(WorkDirectory work) throws Exception {
    byte[] layer = new TarBuilder().dir("d/").file("d/f", "x".repeat(100_000)).build();
    byte[] packed = TarBuilder.gzip(layer);
    var failures = new AtomicReference<Throwable>();
    var threads =
        IntStream.range(0, 16)
            .mapToObj(i ->
                Thread.startVirtualThread(() -> {
                  try {
                    Path target = Files.createDirectory(work.path().resolve("t" + i));
                    var request =
                        new ApplyRequest(
                            new Descriptor(Layers.GZIP, Digest.of(packed), packed.length),
                            List.of(Layers.bind(target)),
                            Whiteouts.DELETE,
                            false);
                    var applied = layers.differ().apply(request, new ByteArrayInputStream(packed));
                    assertEquals(Digest.of(layer), applied.diffId());
                  } catch (Throwable t) {
                    failures.set(t);
                  }
                }))
            .toList();
    for (Thread thread : threads) {
      assertTrue(thread.join(Duration.ofSeconds(60)));
    }
    assertEquals(null, failures.get());
  }
}
