package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** Removes blobs and ingests that no namespace knows. */
final class ContentSweep extends BackendSweep {
  private final Ledger ledger;
  private final ContentStore backend;
  private final Sequences sequences;

  ContentSweep(
      Ledger ledger,
      ContentStore backend,
      Sequences sequences,
      BackendGarbage garbage,
      Pins pins,
      Trust trust) {
    super(BackendGarbage.CONTENT_STORE, garbage, pins, trust);
    this.ledger = ledger;
    this.backend = backend;
    this.sequences = sequences;
  }

  @Override
  List<BackendGarbage.Item> list() {
    List<BackendGarbage.Item> items = new ArrayList<>();
    backend.forEachBlob(blob -> items.add(new BackendGarbage.Blob(blob.digest())));
    for (IngestStatus ingest : backend.ingests()) {
      items.add(new BackendGarbage.Ingest(ingest.ref()));
    }
    return items;
  }

  @Override
  List<BackendGarbage.Item> unknown(List<BackendGarbage.Item> items) {
    if (items.isEmpty()) {
      return items;
    }
    return ledger.view(tx -> {
      List<String> namespaces = NamespaceTable.names(tx);
      Set<String> refs = refs(tx, namespaces);
      return items.stream()
          .filter(item ->
              switch (item) {
                case BackendGarbage.Blob blob -> !isKnown(tx, namespaces, blob);
                case BackendGarbage.Ingest ingest -> !refs.contains(ingest.backendRef());
                case BackendGarbage.Snapshot _ -> false;
              })
          .toList();
    });
  }

  @Override
  Set<BackendGarbage.Item> knownNow(List<BackendGarbage.Item> items) {
    return ledger.view(tx -> {
      List<String> namespaces = NamespaceTable.names(tx);
      return items.stream()
          .filter(item -> item instanceof BackendGarbage.Blob blob && isKnown(tx, namespaces, blob))
          .collect(Collectors.toSet());
    });
  }

  @Override
  boolean goesWithOthers(BackendGarbage.Item item) {
    return item instanceof BackendGarbage.Blob;
  }

  @Override
  void removeTogether(List<BackendGarbage.Item> items) {
    backend.deleteAll(items.stream().map(item -> ((BackendGarbage.Blob) item).digest()).toList());
  }

  @Override
  void remove(BackendGarbage.Item item) {
    switch (item) {
      case BackendGarbage.Blob blob -> backend.delete(blob.digest());
      case BackendGarbage.Ingest ingest -> backend.abort(ingest.backendRef());
      case BackendGarbage.Snapshot _ -> {}
    }
  }

  @Override
  boolean isFromTheFuture(BackendGarbage.Item item) {
    if (!(item instanceof BackendGarbage.Ingest ingest)) {
      return false;
    }
    OptionalLong number = Sequences.numberOf(ingest.backendRef());
    return number.isPresent() && number.getAsLong() > sequences.reserved();
  }

  private static boolean isKnown(
      ReadTransaction tx, List<String> namespaces, BackendGarbage.Blob blob) {
    String digest = blob.digest().toString();
    return namespaces.stream()
        .anyMatch(namespace -> Schema.get(Schema.blobs(tx, namespace), digest) != null);
  }

  private static Set<String> refs(ReadTransaction tx, List<String> namespaces) {
    Set<String> refs = new HashSet<>();
    for (String namespace : namespaces) {
      Bucket ingests = Schema.ingests(tx, namespace);
      if (ingests != null) {
        ingests.forEach((ref, value) -> refs.add(Formats.INGEST.decode(ref, value).backendRef()));
      }
    }
    return refs;
  }
}
