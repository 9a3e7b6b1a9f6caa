package dev.carafe.testkit.content;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A content store for tests: everything in memory, one call at a time, gone with the instance. */
public final class MemoryContentStore implements ContentStore {
  private final Map<Digest, Blob> blobs = new TreeMap<>();
  private final Map<String, Ingest> ingests = new TreeMap<>();

  @Override
  public synchronized BlobInfo info(Digest digest) {
    return find(digest).info;
  }

  @Override
  public synchronized BlobReader open(Digest digest) {
    return new MemoryReader(find(digest).bytes);
  }

  @Override
  public synchronized void forEachBlob(Consumer<BlobInfo> visitor) {
    new ArrayList<>(blobs.values()).forEach(blob -> visitor.accept(blob.info));
  }

  @Override
  public synchronized BlobInfo updateLabels(
      Digest digest, UnaryOperator<Map<String, String>> change) {
    Blob blob = find(digest);
    BlobInfo old = blob.info;
    BlobInfo changed =
        new BlobInfo(
            digest, old.size(), old.createdAt(), Instant.now(), change.apply(old.labels()));
    blobs.put(digest, new Blob(changed, blob.bytes));
    return changed;
  }

  @Override
  public synchronized void delete(Digest digest) {
    find(digest);
    blobs.remove(digest);
  }

  @Override
  public synchronized IngestStatus status(String ref) {
    return ingest(ref).status();
  }

  @Override
  public synchronized List<IngestStatus> ingests() {
    return ingests.values().stream().map(Ingest::status).toList();
  }

  @Override
  public synchronized void abort(String ref) {
    ingest(ref).aborted = true;
    ingests.remove(ref);
  }

  @Override
  public synchronized ContentWriter writer(IngestRequest request) {
    Digest expected = request.expected();
    if (expected != null && blobs.containsKey(expected)) {
      throw alreadyExists(expected);
    }
    Ingest ingest = ingests.get(request.ref());
    if (ingest == null) {
      ingest = new Ingest(request.ref(), request.total());
      ingests.put(request.ref(), ingest);
    } else if (ingest.held) {
      throw new UnavailableException("ref " + request.ref() + " locked");
    } else if (request.total() > 0 && ingest.total > 0 && request.total() != ingest.total) {
      throw new FailedPreconditionException(
          "ref " + request.ref() + ": total " + request.total() + " is not " + ingest.total);
    }
    if (ingest.total == 0) {
      ingest.total = request.total();
    }
    ingest.expected = expected;
    ingest.held = true;
    return new Writer(ingest);
  }

  private Blob find(Digest digest) {
    Blob blob = blobs.get(digest);
    if (blob == null) {
      throw new NotFoundException("content digest " + digest + ": not found");
    }
    return blob;
  }

  private Ingest ingest(String ref) {
    Ingest ingest = ingests.get(ref);
    if (ingest == null) {
      throw new NotFoundException("ingest " + ref + ": not found");
    }
    return ingest;
  }

  private static AlreadyExistsException alreadyExists(Digest digest) {
    return new AlreadyExistsException("content " + digest + ": already exists");
  }

  private record Blob(BlobInfo info, byte[] bytes) {}

  private static final class Ingest {
    final String ref;
    final Instant startedAt = Instant.now();
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Instant updatedAt = startedAt;
    long total;
    @Nullable Digest expected;
    boolean held;
    boolean aborted;

    Ingest(String ref, long total) {
      this.ref = ref;
      this.total = total;
    }

    IngestStatus status() {
      return new IngestStatus(ref, bytes.size(), total, expected, startedAt, updatedAt);
    }
  }

  private final class Writer implements ContentWriter {
    private final Ingest ingest;
    private final String algorithm;
    private boolean closed;

    Writer(Ingest ingest) {
      this.ingest = ingest;
      Digest expected = ingest.expected;
      this.algorithm = expected == null ? "sha256" : expected.algorithm();
    }

    @Override
    public IngestStatus status() {
      synchronized (MemoryContentStore.this) {
        return ingest.status();
      }
    }

    @Override
    public Digest digest() {
      synchronized (MemoryContentStore.this) {
        MessageDigest hasher = Digest.hasher(algorithm);
        return Digest.finish(algorithm, hasher.digest(ingest.bytes.toByteArray()));
      }
    }

    @Override
    public void write(ByteBuffer bytes) {
      synchronized (MemoryContentStore.this) {
        requireOpen();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        ingest.bytes.writeBytes(copy);
        ingest.updatedAt = Instant.now();
      }
    }

    @Override
    public void truncate() {
      synchronized (MemoryContentStore.this) {
        requireOpen();
        ingest.bytes.reset();
        ingest.updatedAt = Instant.now();
      }
    }

    @Override
    public Digest commit(long size, @Nullable Digest expected, Map<String, String> labels) {
      synchronized (MemoryContentStore.this) {
        requireOpen();
        byte[] bytes = ingest.bytes.toByteArray();
        if (size > 0 && size != bytes.length) {
          throw new FailedPreconditionException(
              "unexpected commit size " + bytes.length + ", expected " + size);
        }
        Digest digest =
            expected == null || expected.algorithm().equals(algorithm)
                ? digest()
                : Digest.finish(
                    expected.algorithm(), Digest.hasher(expected.algorithm()).digest(bytes));
        if (expected != null && !expected.equals(digest)) {
          throw new FailedPreconditionException(
              "unexpected commit digest " + digest + ", expected " + expected);
        }
        ingests.remove(ingest.ref);
        close();
        if (blobs.containsKey(digest)) {
          throw alreadyExists(digest);
        }
        Instant now = Instant.now();
        BlobInfo info = new BlobInfo(digest, bytes.length, now, now, labels);
        blobs.put(digest, new Blob(info, bytes));
        return digest;
      }
    }

    @Override
    public void close() {
      synchronized (MemoryContentStore.this) {
        if (!closed) {
          closed = true;
          ingest.held = false;
        }
      }
    }

    private void requireOpen() {
      if (closed) {
        throw new FailedPreconditionException("ref " + ingest.ref + ": the writer is closed");
      }
      if (ingest.aborted) {
        throw new AbortedException("ref " + ingest.ref + ": the ingest was aborted");
      }
    }
  }

  private static final class MemoryReader implements BlobReader {
    private final byte[] bytes;

    MemoryReader(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(ByteBuffer target, long offset) {
      if (offset >= bytes.length) {
        return -1;
      }
      int length = (int) Math.min(target.remaining(), bytes.length - offset);
      target.put(bytes, (int) offset, length);
      return length;
    }

    @Override
    public void close() {}
  }
}
