package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The writer of an ingest in a namespace. Either it writes through to the back end, or it stands at
 * the end of a blob that the back end has already; the first write then copies that blob.
 */
final class NamespacedWriter implements ContentWriter {
  private static final int COPY = 1 << 20;

  /** A blob of the back end that stands for the bytes of the ingest. */
  record Shared(Digest digest, long size, Pins.Pin pin) {}

  private final ContentContext context;
  private final NamespacedContentStore store;
  private final String namespace;
  private final String ref;
  private final IngestRecord record;
  private @Nullable Shared shared;
  private @Nullable ContentWriter writer;
  private boolean closed;

  /** Exactly one of {@code shared} and {@code writer} is there; both are closed with this. */
  NamespacedWriter(
      ContentContext context,
      NamespacedContentStore store,
      String namespace,
      String ref,
      IngestRecord record,
      @Nullable Shared shared,
      @Nullable ContentWriter writer) {
    this.context = context;
    this.store = store;
    this.namespace = namespace;
    this.ref = ref;
    this.record = record;
    this.shared = shared;
    this.writer = writer;
  }

  @Override
  public IngestStatus status() {
    Shared blob = shared;
    if (blob != null) {
      return new IngestStatus(
          ref,
          blob.size(),
          record.total(),
          record.expected(),
          record.startedAt(),
          record.updatedAt());
    }
    IngestStatus status = open().status();
    return new IngestStatus(
        ref,
        status.offset(),
        record.total(),
        record.expected(),
        record.startedAt(),
        status.updatedAt());
  }

  @Override
  public Digest digest() {
    Shared blob = shared;
    return blob == null ? open().digest() : blob.digest();
  }

  @Override
  public void write(ByteBuffer bytes) {
    if (!bytes.hasRemaining()) {
      return;
    }
    Shared blob = shared;
    if (blob != null) {
      copy(blob);
    }
    ContentWriter open = open();
    Renamed.run(record.backendRef(), ref, () -> open.write(bytes));
  }

  @Override
  public void truncate() {
    Shared blob = shared;
    if (blob != null) {
      begin(blob);
    }
    ContentWriter open = open();
    Renamed.run(record.backendRef(), ref, open::truncate);
  }

  @Override
  public Digest commit(long size, @Nullable Digest expected, Map<String, String> labels) {
    Map<String, String> checked = Labels.checked(labels);
    Shared blob = shared;
    return blob == null
        ? commitWritten(open(), size, expected, checked)
        : commitShared(blob, size, expected, checked);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Shared blob = shared;
    ContentWriter open = writer;
    shared = null;
    writer = null;
    try {
      if (open != null) {
        open.close();
      }
    } finally {
      if (blob != null) {
        blob.pin().close();
      }
      context.writers().release(new Ref(namespace, ref));
    }
  }

  private Digest commitShared(
      Shared blob, long size, @Nullable Digest expected, Map<String, String> labels) {
    if (size != 0 && size != blob.size()) {
      throw new FailedPreconditionException(
          "unexpected commit size " + blob.size() + ", expected " + size);
    }
    if (expected != null && !expected.equals(blob.digest())) {
      throw new FailedPreconditionException(
          "unexpected commit digest " + blob.digest() + ", expected " + expected);
    }
    try {
      register(blob.digest(), blob.size(), labels);
    } finally {
      discardWritten();
    }
    close();
    return blob.digest();
  }

  /** Removes what an earlier writer of the ref left in the back end. */
  private void discardWritten() {
    try {
      context.backend().abort(record.backendRef());
    } catch (NotFoundException e) {
      // The usual case.
    } catch (DaemonException e) {
      context.garbage().add(List.of(new BackendGarbage.Ingest(record.backendRef())));
    }
  }

  private Digest commitWritten(
      ContentWriter open, long size, @Nullable Digest expected, Map<String, String> labels) {
    long written = open.status().offset();
    Digest digest = expected == null ? open.digest() : expected;
    // Pinned before the back end has it, so that no collection sees it as unknown.
    try (Pins.Pin _ = context.pins().pin(new BackendGarbage.Blob(digest))) {
      try {
        Renamed.call(record.backendRef(), ref, () -> open.commit(size, expected, Map.of()));
      } catch (AlreadyExistsException e) {
        // Another namespace has it, or a crash came before the record; the bytes are proven.
      }
      register(digest, written, labels);
    }
    close();
    return digest;
  }

  private void register(Digest digest, long size, Map<String, String> labels) {
    try {
      store.register(ref, record.backendRef(), digest, size, labels);
    } catch (AlreadyExistsException e) {
      close();
      throw e;
    } catch (RuntimeException e) {
      // The next collection looks whether the blob is known.
      context.garbage().add(List.of(new BackendGarbage.Blob(digest)));
      throw e;
    }
  }

  /** Writes to the back end from here on, beginning with nothing. */
  private void begin(Shared blob) {
    ContentWriter begun = IngestOpener.backendWriter(context, ref, record);
    if (begun.status().offset() > 0) {
      begun.truncate();
    }
    writer = begun;
    shared = null;
    blob.pin().close();
  }

  /** Writes to the back end from here on, beginning with a copy of the shared blob. */
  private void copy(Shared blob) {
    try (BlobReader reader = context.backend().open(blob.digest())) {
      begin(blob);
      ContentWriter begun = open();
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(COPY, Math.max(1, blob.size())));
      long offset = 0;
      while (reader.read(buffer.clear(), offset) > 0) {
        buffer.flip();
        offset += buffer.remaining();
        begun.write(buffer);
      }
    }
  }

  private ContentWriter open() {
    ContentWriter open = writer;
    if (open == null) {
      throw new FailedPreconditionException("ref " + ref + ": writer is closed");
    }
    return open;
  }
}
