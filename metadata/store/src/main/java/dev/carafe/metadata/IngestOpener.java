package dev.carafe.metadata;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.metadata.WritableBucket;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Opens a writer whose ref is locked by the caller: first the record, then the back end, so that a
 * crash in between leaves an ingest of no bytes, and never bytes that nobody knows.
 */
final class IngestOpener {
  private record Opened(IngestRecord record, boolean created) {}

  private final ContentContext context;
  private final NamespacedContentStore store;
  private final String namespace;
  private final String lease;

  IngestOpener(
      ContentContext context, NamespacedContentStore store, String namespace, String lease) {
    this.context = context;
    this.store = store;
    this.namespace = namespace;
    this.lease = lease;
  }

  ContentWriter open(IngestRequest request) {
    String newRef = context.sequences().backendName(namespace, request.ref());
    Opened opened = context.ledger().change(change -> record(change, request, newRef));
    try {
      return open(request.ref(), opened.record());
    } catch (RuntimeException e) {
      if (opened.created()) {
        undo(request.ref(), e);
      }
      throw e;
    }
  }

  private void undo(String ref, RuntimeException cause) {
    try {
      context.ledger().change(change -> store.removeIngest(change, ref));
    } catch (RuntimeException e) {
      // The ingest expires.
      cause.addSuppressed(e);
    }
  }

  private ContentWriter open(String ref, IngestRecord record) {
    Digest expected = record.expected();
    if (expected != null && store.isShared(expected)) {
      NamespacedWriter.Shared shared = share(expected, record.total());
      if (shared != null) {
        return new NamespacedWriter(context, store, namespace, ref, record, shared, null);
      }
    }
    ContentWriter writer = backendWriter(context, ref, record);
    try {
      // Whoever aborts from here on finds it in the back end.
      context
          .ledger()
          .<@Nullable Void>view(tx -> {
            store.requireIngest(tx, ref, record.backendRef());
            return null;
          });
    } catch (AbortedException e) {
      writer.close();
      context.garbage().add(List.of(new BackendGarbage.Ingest(record.backendRef())));
      throw e;
    }
    return new NamespacedWriter(context, store, namespace, ref, record, null, writer);
  }

  /**
   * A blob of the back end that stays there while it is pinned; null if there is none to be had.
   */
  private NamespacedWriter.@Nullable Shared share(Digest digest, long total) {
    Pins.Pin pin = context.pins().tryPin(new BackendGarbage.Blob(digest));
    if (pin == null) {
      return null;
    }
    Optional<Long> size = Optional.empty();
    try {
      size = store.sizeInBackend(digest).filter(bytes -> total == 0 || total == bytes);
      return size.map(bytes -> new NamespacedWriter.Shared(digest, bytes, pin)).orElse(null);
    } finally {
      if (size.isEmpty()) {
        pin.close();
      }
    }
  }

  /**
   * The back end's writer. It is not told the expected digest, because it would refuse a blob that
   * it has and the namespace has not, except where the digest says which hash to use.
   */
  static ContentWriter backendWriter(ContentContext context, String ref, IngestRecord record) {
    Digest expected = record.expected();
    Digest hashed = expected == null || expected.algorithm().equals("sha256") ? null : expected;
    String backendRef = record.backendRef();
    return Renamed.call(
        backendRef,
        ref,
        () -> {
          try {
            return context.backend().writer(new IngestRequest(backendRef, record.total(), hashed));
          } catch (AlreadyExistsException e) {
            return context.backend().writer(new IngestRequest(backendRef, record.total(), null));
          }
        });
  }

  private Opened record(Change change, IngestRequest request, String newRef) {
    String ref = request.ref();
    WritableBucket ingests =
        change.tx().createBucketIfAbsent(Schema.DATA, namespace, Schema.CONTENT, Schema.INGESTS);
    IngestRecord old = Formats.INGEST.decodeOrNull(ref, ingests.get(ref));
    Instant expiry = lease.isEmpty() ? change.now().plus(context.ingestLife()) : null;
    IngestRecord record =
        new IngestRecord(
            old == null ? newRef : old.backendRef(),
            total(request, old),
            request.expected() == null && old != null ? old.expected() : request.expected(),
            old == null ? change.now() : old.startedAt(),
            change.now(),
            expiry);
    ingests.put(ref, Formats.INGEST.encode(record));
    change.touch(Node.ingest(namespace, ref));
    change.hold(namespace, lease, Resources.ingest(ref));
    return new Opened(record, old == null);
  }

  private static long total(IngestRequest request, @Nullable IngestRecord old) {
    if (old == null || old.total() == 0) {
      return request.total();
    }
    if (request.total() != 0 && request.total() != old.total()) {
      throw new InvalidArgumentException(
          "ref "
              + request.ref()
              + ": total "
              + request.total()
              + " differs from "
              + old.total()
              + " of the ingest");
    }
    return old.total();
  }
}
