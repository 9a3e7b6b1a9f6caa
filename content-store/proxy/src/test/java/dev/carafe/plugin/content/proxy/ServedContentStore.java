package dev.carafe.plugin.content.proxy;

import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A proxy that takes its peer with it when it is closed. */
record ServedContentStore(ProxyContentStore proxy, PeerServer server, ServedStores stores)
    implements ContentStore, AutoCloseable {
  @Override
  public BlobInfo info(Digest digest) {
    return proxy.info(digest);
  }

  @Override
  public BlobReader open(Digest digest) {
    return proxy.open(digest);
  }

  @Override
  public ContentWriter writer(IngestRequest request) {
    return proxy.writer(request);
  }

  @Override
  public IngestStatus status(String ref) {
    return proxy.status(ref);
  }

  @Override
  public List<IngestStatus> ingests() {
    return proxy.ingests();
  }

  @Override
  public void abort(String ref) {
    proxy.abort(ref);
  }

  @Override
  public void forEachBlob(Consumer<BlobInfo> visitor) {
    proxy.forEachBlob(visitor);
  }

  @Override
  public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
    return proxy.updateLabels(digest, change);
  }

  @Override
  public void delete(Digest digest) {
    proxy.delete(digest);
  }

  @Override
  public void close() {
    proxy.close();
    server.close();
  }
}
