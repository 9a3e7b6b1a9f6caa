package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Puts bytes into the content store. What is broken off leaves nothing. */
final class Blobs {
  private static final int CHUNK = 128 << 10;

  private final ContentStore content;

  Blobs(ContentStore content) {
    this.content = content;
  }

  /** Where bytes come from, piece by piece. */
  interface Source {
    /** Some bytes; -1 at the end. */
    int read(byte[] into) throws IOException;
  }

  /** A stored blob. */
  record Stored(Digest digest, long size) {
    Descriptor as(String mediaType) {
      return new Descriptor(mediaType, digest, size);
    }
  }

  /**
   * Stores what {@code source} yields.
   *
   * @param name for messages
   * @param expected its digest, or null if that is not known
   */
  Stored store(String name, long size, @Nullable Digest expected, Source source)
      throws IOException {
    String ref = "import-" + UUID.randomUUID();
    try (ContentWriter writer = content.writer(new IngestRequest(ref, size, expected))) {
      boolean done = false;
      try {
        // Where another namespace has the blob, the writer has its bytes already.
        long skip = writer.status().offset();
        byte[] chunk = new byte[CHUNK];
        for (int count = source.read(chunk); count >= 0; count = source.read(chunk)) {
          int known = (int) Math.min(skip, count);
          skip -= known;
          if (count > known) {
            writer.write(ByteBuffer.wrap(chunk, known, count - known));
          }
        }
        Stored stored = commit(writer, name, size, expected, Map.of());
        done = true;
        return stored;
      } finally {
        if (!done) {
          writer.close();
          abort(ref);
        }
      }
    } catch (AlreadyExistsException e) {
      if (expected == null) {
        throw e;
      }
      return new Stored(expected, size);
    }
  }

  Stored store(String name, byte[] bytes) throws IOException {
    InputStream in = new ByteArrayInputStream(bytes);
    return store(name, bytes.length, Digest.of(bytes), in::read);
  }

  private static Stored commit(
      ContentWriter writer,
      String name,
      long size,
      @Nullable Digest expected,
      Map<String, String> labels) {
    Digest digest = writer.digest();
    try {
      writer.commit(size, expected, labels);
    } catch (AlreadyExistsException e) {
      return new Stored(digest, size);
    } catch (FailedPreconditionException e) {
      throw new DataLossException(
          "image archive: \"" + name + "\" is " + digest + ", not what its name says", e);
    }
    return new Stored(digest, size);
  }

  /** Stores a blob's gzip form, which remembers what it unpacks to. */
  Stored compressed(String name, Stored plain) throws IOException {
    String ref = "import-" + UUID.randomUUID();
    try (ContentWriter writer = content.writer(new IngestRequest(ref, 0, null))) {
      boolean done = false;
      try {
        try (BlobReader reader = content.open(plain.digest());
            OutputStream out = new GZIPOutputStream(new WriterOutput(writer), CHUNK)) {
          reader.stream(0).transferTo(out);
        }
        Stored stored =
            commit(
                writer,
                name,
                writer.status().offset(),
                null,
                Map.of("containerd.io/uncompressed", plain.digest().toString()));
        done = true;
        return stored;
      } finally {
        if (!done) {
          writer.close();
          abort(ref);
        }
      }
    }
  }

  private void abort(String ref) {
    boolean interrupted = Thread.interrupted();
    try {
      content.abort(ref);
    } catch (DaemonException e) {
      // It expires with its lease.
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  byte[] read(Stored blob, int limit) {
    try (BlobReader reader = content.open(blob.digest())) {
      return reader.readAll(limit);
    }
  }

  Packing packing(Stored blob) throws IOException {
    try (BlobReader reader = content.open(blob.digest())) {
      return Packing.of(reader.stream(0).readNBytes(4));
    }
  }

  private static final class WriterOutput extends OutputStream {
    private final ContentWriter writer;

    WriterOutput(ContentWriter writer) {
      this.writer = writer;
    }

    @Override
    public void write(int octet) {
      writer.write(ByteBuffer.wrap(new byte[] {(byte) octet}));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      writer.write(ByteBuffer.wrap(bytes, offset, length));
    }
  }
}
