package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The content store of one namespace: which blobs it has, their labels and times, and its ingests
 * under the names its clients gave them. The bytes are the back end's. A blob is here when this
 * namespace committed it, whatever the back end has.
 */
final class NamespacedContentStore implements ContentStore {
  private final ContentContext context;
  private final Ledger ledger;
  private final ContentStore backend;
  private final String namespace;
  private final String lease;

  /**
   * @param lease holds what is written; an id, or empty for none
   */
  NamespacedContentStore(ContentContext context, String namespace, String lease) {
    this.context = context;
    this.ledger = context.ledger();
    this.backend = context.backend();
    this.namespace = namespace;
    this.lease = lease;
  }

  @Override
  public BlobInfo info(Digest digest) {
    return ledger.view(tx -> found(tx, digest)).info(digest);
  }

  @Override
  public BlobReader open(Digest digest) {
    ledger.view(tx -> found(tx, digest));
    return backend.open(digest);
  }

  @Override
  public void forEachBlob(Consumer<BlobInfo> visitor) {
    Pages.forEach(
        ledger,
        tx -> Schema.blobs(tx, namespace),
        Formats.BLOB,
        entry -> visitor.accept(entry.value().info(Digest.parse(entry.key()))));
  }

  @Override
  public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
    return ledger.change(to -> {
      BlobRecord old = found(to.tx(), digest);
      Map<String, String> labels = Labels.checked(change.apply(old.labels()));
      BlobRecord changed = new BlobRecord(old.size(), old.createdAt(), to.now(), labels);
      blobs(to).put(digest.toString(), Formats.BLOB.encode(changed));
      to.touch(Node.content(namespace, digest));
      if (!labels.equals(old.labels())) {
        to.deletes();
      }
      return changed.info(digest);
    });
  }

  @Override
  public void delete(Digest digest) {
    ledger.change(change -> {
      if (!remove(change, digest)) {
        throw notFound(digest);
      }
      return null;
    });
  }

  /** All in one transaction. */
  @Override
  public void deleteAll(Collection<Digest> digests) {
    ledger.change(change -> {
      digests.forEach(digest -> remove(change, digest));
      return null;
    });
  }

  private boolean remove(Change change, Digest digest) {
    if (!blobs(change).delete(digest.toString())) {
      return false;
    }
    change.release(namespace, lease, Resources.content(digest));
    change.discards(new BackendGarbage.Blob(digest));
    change.publish(namespace, new Event.ContentDeleted(digest));
    return true;
  }

  @Override
  public IngestStatus status(String ref) {
    IngestRecord record = ledger.view(tx -> ingest(tx, ref));
    if (record == null) {
      throw noIngest(ref);
    }
    return status(ref, record);
  }

  @Override
  public List<IngestStatus> ingests() {
    List<IngestStatus> statuses = new ArrayList<>();
    Pages.forEach(
        ledger,
        tx -> Schema.ingests(tx, namespace),
        Formats.INGEST,
        entry -> statuses.add(status(entry.key(), entry.value())));
    return List.copyOf(statuses);
  }

  @Override
  public void abort(String ref) {
    String backendRef = ledger.change(change -> removeIngest(change, ref));
    try {
      backend.abort(backendRef);
    } catch (NotFoundException e) {
      // Nothing was written.
    }
  }

  @Override
  public ContentWriter writer(IngestRequest request) {
    Ref locked = new Ref(namespace, request.ref());
    if (!context.writers().tryLock(locked)) {
      throw locked(request.ref());
    }
    boolean opened = false;
    try {
      Digest expected = request.expected();
      if (expected != null && isHere(expected)) {
        throw alreadyExists(expected);
      }
      ContentWriter writer = new IngestOpener(context, this, namespace, lease).open(request);
      opened = true;
      return writer;
    } finally {
      if (!opened) {
        context.writers().release(locked);
      }
    }
  }

  /**
   * Records a blob that the back end has, in place of its ingest. The caller has pinned it there.
   *
   * @param backendRef the ingest as it was when its writer was opened
   * @throws AbortedException if that is gone
   * @throws AlreadyExistsException if the namespace has it; the ingest is gone and the lease holds
   *     the blob all the same
   */
  void register(
      String ref, String backendRef, Digest digest, long size, Map<String, String> labels) {
    boolean added =
        ledger.change(change -> {
          requireIngest(change.tx(), ref, backendRef);
          change
              .tx()
              .createBucketIfAbsent(Schema.DATA, namespace, Schema.CONTENT, Schema.INGESTS)
              .delete(ref);
          change.release(namespace, lease, Resources.ingest(ref));
          change.hold(namespace, lease, Resources.content(digest));
          change.touch(Node.content(namespace, digest));
          WritableBucket blobs = blobs(change);
          if (blobs.get(digest.toString()) != null) {
            return false;
          }
          BlobRecord blob = new BlobRecord(size, change.now(), change.now(), labels);
          blobs.put(digest.toString(), Formats.BLOB.encode(blob));
          change.publish(namespace, new Event.ContentCreated(digest, size));
          return true;
        });
    if (!added) {
      throw alreadyExists(digest);
    }
  }

  /**
   * Whether the namespace has a blob, bytes included; then the lease holds it from here on. A
   * record whose bytes are lost counts for nothing: whoever sends them again repairs it.
   */
  private boolean isHere(Digest digest) {
    BlobRecord record =
        ledger.view(tx -> Formats.BLOB.decodeOrNull(digest.toString(), blob(tx, digest)));
    if (record == null) {
      return false;
    }
    Optional<Long> stored = sizeInBackend(digest);
    if (stored.isEmpty() || stored.get() != record.size()) {
      return false;
    }
    return lease.isEmpty()
        || ledger.<Boolean>change(change -> {
          if (blob(change.tx(), digest) == null) {
            return false;
          }
          change.hold(namespace, lease, Resources.content(digest));
          return true;
        });
  }

  /** How many bytes the back end has of a blob; empty if it has none. */
  Optional<Long> sizeInBackend(Digest digest) {
    try {
      return Optional.of(backend.info(digest).size());
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  /** Whether this namespace may use a blob of the back end without sending it. */
  boolean isShared(Digest digest) {
    return switch (context.sharing()) {
      case SHARED -> true;
      case ISOLATED ->
          ledger.view(tx ->
              NamespaceTable.names(tx).stream()
                  .anyMatch(name ->
                      Schema.get(Schema.blobs(tx, name), digest.toString()) != null
                          && "true"
                              .equals(
                                  NamespaceTable.labels(tx, name).get(NamespaceTable.SHAREABLE))));
    };
  }

  /** Removes an ingest's record; its name in the back end. */
  String removeIngest(Change change, String ref) {
    IngestRecord record = ingest(change.tx(), ref);
    WritableBucket ingests =
        change.tx().bucket(Schema.DATA, namespace, Schema.CONTENT, Schema.INGESTS);
    if (record == null || ingests == null) {
      throw noIngest(ref);
    }
    ingests.delete(ref);
    change.release(namespace, lease, Resources.ingest(ref));
    change.discards(new BackendGarbage.Ingest(record.backendRef()));
    return record.backendRef();
  }

  /** Throws if the ingest that a writer was opened for is no longer there. */
  void requireIngest(ReadTransaction tx, String ref, String backendRef) {
    IngestRecord record = ingest(tx, ref);
    if (record == null || !record.backendRef().equals(backendRef)) {
      throw new AbortedException("ref " + ref + ": the ingest was aborted");
    }
  }

  @Nullable IngestRecord ingest(ReadTransaction tx, String ref) {
    return Formats.INGEST.decodeOrNull(ref, Schema.get(Schema.ingests(tx, namespace), ref));
  }

  private IngestStatus status(String ref, IngestRecord record) {
    try {
      IngestStatus status = backend.status(record.backendRef());
      return new IngestStatus(
          ref,
          status.offset(),
          record.total(),
          record.expected(),
          record.startedAt(),
          status.updatedAt());
    } catch (NotFoundException e) {
      return new IngestStatus(
          ref,
          sharedOffset(record),
          record.total(),
          record.expected(),
          record.startedAt(),
          record.updatedAt());
    }
  }

  /** Where a writer would begin if the back end has nothing under the ref. */
  private long sharedOffset(IngestRecord record) {
    Digest expected = record.expected();
    return expected != null && isShared(expected) ? sizeInBackend(expected).orElse(0L) : 0;
  }

  private byte @Nullable [] blob(ReadTransaction tx, Digest digest) {
    return Schema.get(Schema.blobs(tx, namespace), digest.toString());
  }

  private BlobRecord found(ReadTransaction tx, Digest digest) {
    BlobRecord record = Formats.BLOB.decodeOrNull(digest.toString(), blob(tx, digest));
    if (record == null) {
      throw notFound(digest);
    }
    return record;
  }

  private WritableBucket blobs(Change change) {
    return change.tx().createBucketIfAbsent(Schema.DATA, namespace, Schema.CONTENT, Schema.BLOBS);
  }

  private static NotFoundException notFound(Digest digest) {
    return new NotFoundException("content digest " + digest + ": not found");
  }

  private static NotFoundException noIngest(String ref) {
    return new NotFoundException("reference " + ref + ": not found");
  }

  private static AlreadyExistsException alreadyExists(Digest digest) {
    return new AlreadyExistsException("content " + digest + ": already exists");
  }

  private static UnavailableException locked(String ref) {
    return new UnavailableException("ref " + ref + " locked");
  }
}
