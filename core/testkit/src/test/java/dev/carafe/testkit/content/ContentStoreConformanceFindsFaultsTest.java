package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.testkit.SuiteRun;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One fault fails the checks that are about it, and no other. */
class ContentStoreConformanceFindsFaultsTest {
  @Test
  void rightOneFailsNothing() {
    SuiteRun run = SuiteRun.of(Right.class);
    assertEquals(Set.of(), run.failed());
    assertTrue(run.tests() > 45, () -> run.tests() + " tests");
  }

  @Test
  void falsePromiseToSurviveIsFound() {
    assertEquals(
        Set.of("CONT-RECO-01", "CONT-RECO-02", "CONT-RECO-03", "CONT-RECO-04"),
        SuiteRun.of(SurvivesNothing.class).failed());
  }

  @Test
  void forgottenLabelsAreFound() {
    assertEquals(Set.of("CONT-INFO-04", "CONT-INFO-05"), SuiteRun.of(ForgetsLabels.class).failed());
  }

  @Test
  void uncheckedSizeIsFound() {
    assertEquals(Set.of("CONT-FAIL-03"), SuiteRun.of(IgnoresSize.class).failed());
  }

  @Test
  void uncheckedDigestIsFound() {
    assertEquals(Set.of("CONT-WRIT-07", "CONT-FAIL-04"), SuiteRun.of(IgnoresDigest.class).failed());
  }

  @Test
  void halfConsumedBufferIsFound() {
    assertEquals(Set.of("CONT-WRIT-04"), SuiteRun.of(LeavesTheBuffer.class).failed());
  }

  static class Right extends ContentStoreConformance {
    ContentStore make() {
      return new MemoryContentStore();
    }

    boolean survives() {
      return false;
    }

    @Override
    protected ContentStoreHarness harness() {
      return new ContentStoreHarness() {
        @Override
        public ContentStore open(Path root) {
          return make();
        }

        @Override
        public boolean survivesRestart() {
          return survives();
        }
      };
    }
  }

  static class SurvivesNothing extends Right {
    @Override
    boolean survives() {
      return true;
    }
  }

  static class ForgetsLabels extends Right {
    @Override
    ContentStore make() {
      return new Forwarding() {
        @Override
        public BlobInfo info(Digest digest) {
          return bare(super.info(digest));
        }

        @Override
        public void forEachBlob(Consumer<BlobInfo> visitor) {
          super.forEachBlob(info -> visitor.accept(bare(info)));
        }

        @Override
        public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
          return bare(super.updateLabels(digest, change));
        }

        private static BlobInfo bare(BlobInfo info) {
          return new BlobInfo(
              info.digest(), info.size(), info.createdAt(), info.updatedAt(), Map.of());
        }
      };
    }
  }

  static class IgnoresSize extends Right {
    @Override
    ContentStore make() {
      return new Forwarding() {
        @Override
        Digest commit(
            ContentWriter writer,
            long size,
            @Nullable Digest expected,
            Map<String, String> labels) {
          return writer.commit(0, expected, labels);
        }
      };
    }
  }

  static class IgnoresDigest extends Right {
    @Override
    ContentStore make() {
      return new Forwarding() {
        @Override
        Digest commit(
            ContentWriter writer,
            long size,
            @Nullable Digest expected,
            Map<String, String> labels) {
          return writer.commit(size, null, labels);
        }
      };
    }
  }

  static class LeavesTheBuffer extends Right {
    @Override
    ContentStore make() {
      return new Forwarding() {
        @Override
        void write(ContentWriter writer, ByteBuffer bytes) {
          writer.write(bytes.duplicate());
        }
      };
    }
  }

  /** A right store; subclasses do one thing wrong. */
  private static class Forwarding implements ContentStore {
    private final ContentStore right = new MemoryContentStore();

    Digest commit(
        ContentWriter writer, long size, @Nullable Digest expected, Map<String, String> labels) {
      return writer.commit(size, expected, labels);
    }

    void write(ContentWriter writer, ByteBuffer bytes) {
      writer.write(bytes);
    }

    @Override
    public BlobInfo info(Digest digest) {
      return right.info(digest);
    }

    @Override
    public BlobReader open(Digest digest) {
      return right.open(digest);
    }

    @Override
    public void forEachBlob(Consumer<BlobInfo> visitor) {
      right.forEachBlob(visitor);
    }

    @Override
    public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
      return right.updateLabels(digest, change);
    }

    @Override
    public void delete(Digest digest) {
      right.delete(digest);
    }

    @Override
    public IngestStatus status(String ref) {
      return right.status(ref);
    }

    @Override
    public List<IngestStatus> ingests() {
      return right.ingests();
    }

    @Override
    public void abort(String ref) {
      right.abort(ref);
    }

    @Override
    public ContentWriter writer(IngestRequest request) {
      ContentWriter writer = right.writer(request);
      return new ContentWriter() {
        @Override
        public IngestStatus status() {
          return writer.status();
        }

        @Override
        public Digest digest() {
          return writer.digest();
        }

        @Override
        public void write(ByteBuffer bytes) {
          Forwarding.this.write(writer, bytes);
        }

        @Override
        public void truncate() {
          writer.truncate();
        }

        @Override
        public Digest commit(long size, @Nullable Digest expected, Map<String, String> labels) {
          return Forwarding.this.commit(writer, size, expected, labels);
        }

        @Override
        public void close() {
          writer.close();
        }
      };
    }
  }
}
