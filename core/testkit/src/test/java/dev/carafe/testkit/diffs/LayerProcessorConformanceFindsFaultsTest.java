package dev.carafe.testkit.diffs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.testkit.SuiteRun;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One fault fails the checks that are about it, and no other. */
class LayerProcessorConformanceFindsFaultsTest {
  private static final String TEXT = "a layer ".repeat(40);

  @Test
  void rightOneFailsNothing() {
    assertEquals(Set.of(), SuiteRun.of(Right.class).failed());
  }

  @Test
  void aResultThatIsCutOffIsFound() {
    assertEquals(Set.of("PROC-READ-01", "PROC-READ-02"), SuiteRun.of(CutsOff.class).failed());
  }

  @Test
  void aFailureThatLooksLikeTheEndIsFound() {
    assertEquals(Set.of("PROC-FAIL-01"), SuiteRun.of(HidesFailures.class).failed());
  }

  abstract static class Suite extends LayerProcessorConformance {
    /** What becomes of the bytes that could be read. */
    byte[] result(byte[] bytes) {
      return new String(bytes, UTF_8).toUpperCase(Locale.ROOT).getBytes(UTF_8);
    }

    /** Whether a read that fails is told. */
    boolean tells() {
      return true;
    }

    @Override
    protected LayerProcessor open(Path directory) {
      return new LayerProcessor() {
        @Override
        public Optional<String> returns(String mediaType) {
          return mediaType.equals("lower") ? Optional.of("upper") : Optional.empty();
        }

        @Override
        public InputStream process(
            String mediaType, Map<String, byte[]> payloads, InputStream layer) {
          return new Upper(layer);
        }
      };
    }

    @Override
    protected Sample sample() {
      byte[] layer = TEXT.getBytes(UTF_8);
      return new Sample("lower", Map.of(), layer, TEXT.toUpperCase(Locale.ROOT).getBytes(UTF_8));
    }

    private final class Upper extends InputStream {
      private final PipedInputStream done = new PipedInputStream(1 << 16);
      private final Thread worker;
      private volatile IOException failure;

      Upper(InputStream layer) {
        worker = Thread.ofVirtual().start(() -> work(layer));
      }

      private void work(InputStream layer) {
        try (PipedOutputStream out = new PipedOutputStream(done)) {
          out.write(result(layer.readAllBytes()));
        } catch (IOException e) {
          failure = e;
        }
      }

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0];
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        join();
        if (failure != null && tells()) {
          throw failure;
        }
        return failure != null || done.available() == 0 ? -1 : done.read(buffer, offset, length);
      }

      private void join() throws IOException {
        try {
          worker.join();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }

      @Override
      public void close() throws IOException {
        worker.interrupt();
        join();
      }
    }
  }

  static class Right extends Suite {}

  static class CutsOff extends Suite {
    @Override
    byte[] result(byte[] bytes) {
      byte[] whole = super.result(bytes);
      return java.util.Arrays.copyOf(whole, whole.length - 1);
    }
  }

  static class HidesFailures extends Suite {
    @Override
    boolean tells() {
      return false;
    }
  }
}
