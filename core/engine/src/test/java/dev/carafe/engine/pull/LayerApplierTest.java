package dev.carafe.engine.pull;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LayerApplierTest {
  private final List<String> log = new ArrayList<>();

  /** Applies layers of type {@code tar}: notes what it was given. */
  private final class NotingDiffer implements Differ {
    private final String mediaType;

    NotingDiffer(String mediaType) {
      this.mediaType = mediaType;
    }

    @Override
    public AppliedLayer apply(ApplyRequest request, InputStream archive) {
      if (!request.layer().mediaType().equals(mediaType)) {
        throw new UnimplementedException(request.layer().mediaType());
      }
      try {
        byte[] bytes = archive.readAllBytes();
        log.add(new String(bytes, UTF_8) + " of " + request.layer().size());
        return new AppliedLayer(Digest.of(bytes), bytes.length, false);
      } catch (InterruptedIOException e) {
        throw new CancelledException("interrupted", e);
      } catch (IOException e) {
        throw new UnavailableException("while reading: " + e.getMessage(), e);
      }
    }

    @Override
    public Digest diff(DiffRequest request, OutputStream archive) {
      throw new UnimplementedException("diff");
    }
  }

  /** Puts its name before the bytes. */
  private final class Prefixing implements LayerProcessor {
    private final String from;
    private final String to;

    Prefixing(String from, String to) {
      this.from = from;
      this.to = to;
    }

    @Override
    public Optional<String> returns(String mediaType) {
      return mediaType.equals(from) ? Optional.of(to) : Optional.empty();
    }

    @Override
    public InputStream process(String mediaType, Map<String, byte[]> payloads, InputStream layer) {
      InputStream prefix =
          new ByteArrayInputStream((from + ">" + payloads.size() + ">").getBytes(UTF_8));
      return new InputStream() {
        @Override
        public int read() throws IOException {
          int first = prefix.read();
          return first < 0 ? layer.read() : first;
        }

        @Override
        public void close() {
          log.add("closed " + from);
        }
      };
    }
  }

  private static LayerProcessor failing(InputStream result) {
    return new LayerProcessor() {
      @Override
      public Optional<String> returns(String mediaType) {
        return mediaType.equals("sealed") ? Optional.of("tar") : Optional.empty();
      }

      @Override
      public InputStream process(
          String mediaType, Map<String, byte[]> payloads, InputStream layer) {
        return result;
      }
    };
  }

  private AppliedLayer apply(String mediaType, Duration stall, LayerProcessor... processors)
      throws InterruptedException {
    byte[] bytes = "layer".getBytes(UTF_8);
    LayerApplier applier =
        new LayerApplier(
            List.of(new NotingDiffer("other"), new NotingDiffer("tar")),
            List.of(processors),
            new PullConfig(1, 1, stall, false));
    return applier.apply(
        new Descriptor(mediaType, Digest.of(bytes), bytes.length),
        new ByteArrayInputStream(bytes),
        List.of(),
        Whiteouts.DELETE,
        false,
        Map.of("p", new byte[] {1}));
  }

  private AppliedLayer apply(String mediaType, LayerProcessor... processors)
      throws InterruptedException {
    return apply(mediaType, Duration.ofSeconds(20), processors);
  }

  @Test
  void aLayerThatADifferKnowsIsAppliedAsItIs() throws Exception {
    // When
    apply("tar", new Prefixing("sealed", "tar"));

    // Then
    assertEquals(List.of("layer of 5"), log);
  }

  @Test
  void processorsFollowOneAnotherUntilADifferKnowsWhatComesOut() throws Exception {
    // When
    apply("sealed", new Prefixing("packed", "tar"), new Prefixing("sealed", "packed"));

    // Then
    assertEquals(List.of("packed>1>sealed>1>layer of 0", "closed packed", "closed sealed"), log);
  }

  @Test
  void aCircleOfProcessorsIsRefused() {
    // When
    FailedPreconditionException failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> apply("a", new Prefixing("a", "b"), new Prefixing("b", "a")));

    // Then
    assertTrue(failure.getMessage().contains("in a row"), failure::toString);
    assertEquals(8, log.size(), "all that had begun are closed: " + log);
  }

  @Test
  void whatAProcessorSaysWhenItFailsReachesTheCaller() {
    // Given
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("decoder: exit code 1: no key");
          }
        };

    // When
    FailedPreconditionException failure =
        assertThrows(FailedPreconditionException.class, () -> apply("sealed", failing(broken)));

    // Then
    assertTrue(failure.getMessage().endsWith(": decoder: exit code 1: no key"), failure::toString);
  }

  @Test
  void aProcessorOfWhichNothingComesIsGivenUp() {
    // Given
    InputStream silent =
        new InputStream() {
          @Override
          public int read() throws IOException {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              throw new InterruptedIOException();
            }
            return -1;
          }
        };

    // Then
    assertThrows(
        DeadlineExceededException.class,
        () -> apply("sealed", Duration.ofMillis(200), failing(silent)));
  }

  @Test
  void aLayerThatNobodyKnowsIsRefused() {
    assertThrows(
        UnimplementedException.class, () -> apply("unknown", new Prefixing("sealed", "tar")));
    assertTrue(log.isEmpty(), log::toString);
  }
}
