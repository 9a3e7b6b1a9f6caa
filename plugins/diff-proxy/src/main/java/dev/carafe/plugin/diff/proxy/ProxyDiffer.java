package dev.carafe.plugin.diff.proxy;

import com.google.protobuf.Timestamp;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.types.Mount;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A differ whose work another process does. The protocol passes layers by their digest in a content
 * store that both sides see: a layer to apply is put there first, a layer that was made is read
 * from there.
 *
 * <p>It cannot be asked for overlayfs's whiteouts: the protocol has no word for them.
 */
final class ProxyDiffer implements Differ, AutoCloseable {
  private static final String UNCOMPRESSED = "containerd.io/uncompressed";

  /** Layers are big; what makes no progress at all is interrupted much earlier by the caller. */
  private static final Duration PATIENCE = Duration.ofHours(1);

  private static final int PIECE = 1 << 20;

  private final Peer peer;
  private final Answers answers;
  private final ContentStore content;
  private final boolean foreign;

  /**
   * @param content the store that the peer sees too; closed with this if it can be
   * @param foreign whether it is the peer's own, in which the daemon has no need for layers
   */
  ProxyDiffer(Peer peer, ContentStore content, boolean foreign) {
    this.peer = peer;
    this.answers = new Answers(peer);
    this.content = content;
    this.foreign = foreign;
  }

  @Override
  public AppliedLayer apply(ApplyRequest request, InputStream archive) {
    if (request.whiteouts() == Whiteouts.OVERLAY) {
      throw new UnimplementedException(peer + ": cannot be asked for overlayfs's whiteouts");
    }
    Descriptor layer = request.layer();
    boolean added = put(layer, archive);
    try {
      var message =
          dev.carafe.api.services.diff.v1.ApplyRequest.newBuilder()
              .setDiff(message(layer))
              .addAllMounts(messages(request.mounts()))
              .setSyncFs(request.sync())
              .build();
      var applied = peer.call(DiffGrpc.getApplyMethod(), message, PATIENCE).getApplied();
      return new AppliedLayer(
          answers.digest(applied.getDigest()),
          answers.count("a size of", applied.getSize()),
          false);
    } finally {
      if (added) {
        discard(layer.digest());
      }
    }
  }

  @Override
  public Digest diff(DiffRequest request, OutputStream archive) {
    var message =
        dev.carafe.api.services.diff.v1.DiffRequest.newBuilder()
            .addAllLeft(messages(request.lower()))
            .addAllRight(messages(request.upper()))
            .setMediaType(request.mediaType())
            .setRef("proxy-diff-" + UUID.randomUUID());
    Instant epoch = request.sourceDateEpoch();
    if (epoch != null) {
      message.setSourceDateEpoch(
          Timestamp.newBuilder().setSeconds(epoch.getEpochSecond()).setNanos(epoch.getNano()));
    }
    var made = peer.call(DiffGrpc.getDiffMethod(), message.build(), PATIENCE).getDiff();
    Digest digest = answers.digest(made.getDigest());
    copy(digest, archive);
    Digest uncompressed =
        answers.digestOrNull(content.info(digest).labels().getOrDefault(UNCOMPRESSED, ""));
    discard(digest);
    if (uncompressed != null) {
      return uncompressed;
    }
    if (request.mediaType().endsWith(".tar")) {
      return digest;
    }
    throw peer.nonsense("layer " + digest + " has no label " + UNCOMPRESSED);
  }

  /** Reads the layer to its end; whether it is in the store now and was not before. */
  private boolean put(Descriptor layer, InputStream archive) {
    String ref = "proxy-apply-" + UUID.randomUUID();
    ContentWriter writer = writer(ref, layer);
    boolean committed = false;
    try {
      // A store that knows the bytes from elsewhere begins where they end.
      long known = writer == null ? Long.MAX_VALUE : writer.status().offset();
      MessageDigest hasher = Digest.hasher(layer.digest().algorithm());
      long size = 0;
      byte[] piece = new byte[PIECE];
      for (int read = archive.read(piece); read >= 0; read = archive.read(piece)) {
        size += read;
        if (layer.size() > 0 && size > layer.size()) {
          throw new DataLossException(
              "layer " + layer.digest() + " is longer than its " + layer.size() + " bytes");
        }
        hasher.update(piece, 0, read);
        int skip = (int) Math.min(read, Math.max(0, known - (size - read)));
        if (writer != null && skip < read) {
          writer.write(ByteBuffer.wrap(piece, skip, read - skip));
        }
      }
      Digest got = Digest.finish(layer.digest().algorithm(), hasher.digest());
      if (!got.equals(layer.digest())) {
        throw new DataLossException("layer " + layer.digest() + " arrived as " + got);
      }
      if (writer != null) {
        writer.commit(size, layer.digest(), Map.of());
        committed = true;
      }
    } catch (AlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException("layer " + layer.digest(), e);
    } finally {
      if (writer != null) {
        writer.close();
        if (!committed) {
          abort(ref);
        }
      }
    }
    return committed;
  }

  private @Nullable ContentWriter writer(String ref, Descriptor layer) {
    try {
      return content.writer(new IngestRequest(ref, layer.size(), layer.digest()));
    } catch (AlreadyExistsException e) {
      return null;
    }
  }

  private void abort(String ref) {
    try {
      content.abort(ref);
    } catch (DaemonException e) {
      // It is gone already, or it expires.
    }
  }

  /** A copy in the peer's own store has done its work. */
  private void discard(Digest digest) {
    if (foreign) {
      try {
        content.delete(digest);
      } catch (DaemonException e) {
        // It is gone already, or the peer collects it.
      }
    }
  }

  private void copy(Digest digest, OutputStream archive) {
    MessageDigest hasher = Digest.hasher(digest.algorithm());
    try (BlobReader blob = content.open(digest);
        InputStream in = blob.stream(0)) {
      byte[] piece = new byte[PIECE];
      for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
        hasher.update(piece, 0, read);
        archive.write(piece, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("layer " + digest, e);
    }
    Digest got = Digest.finish(digest.algorithm(), hasher.digest());
    if (!got.equals(digest)) {
      throw peer.nonsense("says that it made " + digest + ", made " + got);
    }
  }

  private static dev.carafe.api.types.Descriptor message(Descriptor layer) {
    return dev.carafe.api.types.Descriptor.newBuilder()
        .setMediaType(layer.mediaType())
        .setDigest(layer.digest().toString())
        .setSize(layer.size())
        .putAllAnnotations(layer.annotations())
        .build();
  }

  private static List<Mount> messages(List<dev.carafe.spi.mounts.Mount> mounts) {
    return mounts.stream()
        .map(mount ->
            Mount.newBuilder()
                .setType(mount.type())
                .setSource(mount.source())
                .setTarget(mount.target())
                .addAllOptions(mount.options())
                .build())
        .toList();
  }

  @Override
  public void close() throws Exception {
    peer.close();
    if (content instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }
}
