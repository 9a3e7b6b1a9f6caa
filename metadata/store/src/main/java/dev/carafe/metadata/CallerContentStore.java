package dev.carafe.metadata;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.plugins.Caller;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A back end that is told who calls; for proxies, which pass it on. Readers and writers belong to
 * who opened them.
 */
record CallerContentStore(ContentStore backend, Caller caller) implements ContentStore {
  @Override
  public BlobInfo info(Digest digest) {
    return caller.call(() -> backend.info(digest));
  }

  @Override
  public BlobReader open(Digest digest) {
    return caller.call(() -> backend.open(digest));
  }

  @Override
  public ContentWriter writer(IngestRequest request) {
    return caller.call(() -> backend.writer(request));
  }

  @Override
  public IngestStatus status(String ref) {
    return caller.call(() -> backend.status(ref));
  }

  @Override
  public List<IngestStatus> ingests() {
    return caller.call(backend::ingests);
  }

  @Override
  public void abort(String ref) {
    caller.run(() -> backend.abort(ref));
  }

  @Override
  public void forEachBlob(Consumer<BlobInfo> visitor) {
    caller.run(() -> backend.forEachBlob(visitor));
  }

  @Override
  public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
    return caller.call(() -> backend.updateLabels(digest, change));
  }

  @Override
  public void delete(Digest digest) {
    caller.run(() -> backend.delete(digest));
  }

  @Override
  public void deleteAll(Collection<Digest> digests) {
    caller.run(() -> backend.deleteAll(digests));
  }
}
