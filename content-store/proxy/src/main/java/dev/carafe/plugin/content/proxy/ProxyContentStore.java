package dev.carafe.plugin.content.proxy;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.content.v1.AbortRequest;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListContentResponse;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.StatusRequest;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.KeyedLocks;
import dev.carafe.plugin.proxy.support.Patience;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.plugins.Caller;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A content store whose work another process does. Holds nothing but the connection.
 *
 * <p>One promise of the contract is kept in part: the protocol has no way to hold a blob that is
 * being deleted, so only a reader that goes from the beginning to the end is sure to get all of it.
 */
final class ProxyContentStore implements ContentStore, AutoCloseable {
  /** More than this is not listed, but refused. */
  private static final int MOST_LISTED = 1_000_000;

  private final Peer peer;
  private final Blobs blobs;
  private final KeyedLocks updates = new KeyedLocks();

  ProxyContentStore(Peer peer) {
    this.peer = peer;
    this.blobs = new Blobs(peer, new Answers(peer));
  }

  @Override
  public BlobInfo info(Digest digest) {
    InfoRequest request = InfoRequest.newBuilder().setDigest(digest.toString()).build();
    return blobs.of(
        digest, peer.call(ContentGrpc.getInfoMethod(), request, Patience.CALL).getInfo());
  }

  @Override
  public BlobReader open(Digest digest) {
    return new ProxyReader(peer, Caller.current(), digest, info(digest).size());
  }

  @Override
  public ContentWriter writer(IngestRequest request) {
    return ProxyWriter.open(peer, Caller.current(), request);
  }

  @Override
  public IngestStatus status(String ref) {
    StatusRequest request = StatusRequest.newBuilder().setRef(ref).build();
    return blobs.of(
        ref, peer.call(ContentGrpc.getStatusMethod(), request, Patience.CALL).getStatus());
  }

  @Override
  public List<IngestStatus> ingests() {
    return peer
        .call(
            ContentGrpc.getListStatusesMethod(),
            ListStatusesRequest.getDefaultInstance(),
            Patience.CALL)
        .getStatusesList()
        .stream()
        .map(blobs::of)
        .toList();
  }

  @Override
  public void abort(String ref) {
    peer.call(
        ContentGrpc.getAbortMethod(), AbortRequest.newBuilder().setRef(ref).build(), Patience.CALL);
  }

  @Override
  public void forEachBlob(Consumer<BlobInfo> visitor) {
    List<BlobInfo> listed = new ArrayList<>();
    try (var stream =
        peer.stream(
            ContentGrpc.getListMethod(), ListContentRequest.getDefaultInstance(), Patience.LONG)) {
      ListContentResponse next = stream.next(Patience.LONG);
      while (next != null) {
        if (listed.size() + next.getInfoCount() > MOST_LISTED) {
          throw new ResourceExhaustedException(
              peer + ": lists more than " + MOST_LISTED + " blobs");
        }
        next.getInfoList().forEach(info -> listed.add(blobs.of(info)));
        next = stream.next(Patience.LONG);
      }
    }
    listed.forEach(visitor);
  }

  /** Atomic among the callers of this proxy: the protocol has no way to say what was expected. */
  @Override
  public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
    return updates.exclusively(
        digest,
        () -> {
          Map<String, String> labels = change.apply(info(digest).labels());
          UpdateRequest request =
              UpdateRequest.newBuilder()
                  .setInfo(Info.newBuilder().setDigest(digest.toString()).putAllLabels(labels))
                  .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
                  .build();
          return blobs.of(
              digest, peer.call(ContentGrpc.getUpdateMethod(), request, Patience.CALL).getInfo());
        });
  }

  @Override
  public void delete(Digest digest) {
    peer.call(
        ContentGrpc.getDeleteMethod(),
        DeleteContentRequest.newBuilder().setDigest(digest.toString()).build(),
        Patience.LONG);
  }

  @Override
  public void close() {
    peer.close();
  }
}
