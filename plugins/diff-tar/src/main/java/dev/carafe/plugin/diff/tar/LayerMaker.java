package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes one layer: stages that compare and read, hash, and pack; the caller's thread writes. The
 * same trees make the same bytes.
 */
final class LayerMaker {
  private static final int CONSUMERS = 2;
  private static final int HASH = 0;
  private static final int PACK = 1;
  private static final int PIECES = 16;

  private final TarDifferConfig config;
  private final BufferPool buffers;
  private final ZstdLibrary zstd;

  LayerMaker(TarDifferConfig config, BufferPool buffers, ZstdLibrary zstd) {
    this.config = config;
    this.buffers = buffers;
    this.zstd = zstd;
  }

  /** Writes the way from the older to the newer tree; the digest of the unpacked archive. */
  Digest diff(DiffRequest request, OutputStream archive) {
    Compression compression = Compression.of(request.mediaType());
    if (request.upper().isEmpty()) {
      throw new InvalidArgumentException("diff: no mounts of the newer tree");
    }
    try (Fd lowerMount =
            request.lower().isEmpty() ? null : TarDiffer.open(ReadOnlyMounts.of(request.lower()));
        Fd lower = lowerMount == null ? null : TarDiffer.directory(lowerMount);
        Fd upperMount = TarDiffer.open(ReadOnlyMounts.of(request.upper()));
        Fd upper = TarDiffer.directory(upperMount)) {
      return make(request, compression, lower, upper, archive);
    } catch (RuntimeException e) {
      throw Failures.prefixed("diff", e);
    }
  }

  private Digest make(
      DiffRequest request,
      Compression compression,
      @Nullable Fd lower,
      Fd upper,
      OutputStream archive) {
    var pipeline = new Pipeline("carafe-differ", "diff");
    Handoff<ByteBuffer> packed = pipeline.handoff(PIECES);
    try (var chunks = new ChunkFan(pipeline, buffers, config.buffers(), CONSUMERS)) {
      return pipeline.run(() -> {
        var read =
            pipeline.start("read", () -> read(request, lower, upper, chunks, pipeline::checkpoint));
        var digest = pipeline.start("hash", () -> ArchiveHash.of(chunks.output(HASH)));
        var pack = pipeline.start("pack", () -> pack(compression, chunks.output(PACK), packed));
        write(packed, archive);
        pipeline.await(read);
        pipeline.await(pack);
        return pipeline.await(digest);
      });
    }
  }

  private boolean read(
      DiffRequest request, @Nullable Fd lower, Fd upper, ChunkFan chunks, Runnable checkpoint)
      throws InterruptedException {
    var tar = new TarWriter(new ArchiveOutput(chunks));
    var links = new LinkGroups(config.maxEntries());
    var changes = new ChangeWriter(tar, links, request.sourceDateEpoch());
    Optional<String> directory = UpperDirectory.between(request.lower(), request.upper());
    if (directory.isEmpty() || !readUpper(directory.get(), changes, lower, checkpoint)) {
      var comparison = new FileComparison(checkpoint);
      new TreeDiff(changes, comparison, config, checkpoint).write(lower, upper);
    }
    tar.finish();
    return true;
  }

  /** False if it cannot be told from the upper directory alone. */
  private boolean readUpper(
      String path, ChangeWriter changes, @Nullable Fd lower, Runnable checkpoint)
      throws InterruptedException {
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY;
    try (Fd directory = PathCalls.open(Path.of(path), flags, 0)) {
      var upper = new UpperDirectory(changes, config, checkpoint);
      if (!upper.isSelfContained(directory)) {
        return false;
      }
      upper.write(lower, directory);
      return true;
    } catch (ErrnoException e) {
      throw Failures.of("upper directory \"" + path + "\"", e);
    }
  }

  private boolean pack(Compression compression, Handoff<Chunk> chunks, Handoff<ByteBuffer> packed)
      throws InterruptedException {
    try (Encoder encoder = encoder(compression)) {
      Encoder.Sink sink = bytes -> put(bytes, packed);
      ChunkFan.forEach(chunks, chunk -> encoder.encode(chunk.view(), sink));
      encoder.finish(sink);
    }
    packed.finish();
    return true;
  }

  private static void put(ByteBuffer bytes, Handoff<ByteBuffer> packed)
      throws InterruptedException {
    if (bytes.hasRemaining()) {
      packed.put(ByteBuffer.allocate(bytes.remaining()).put(bytes).flip());
    }
  }

  private Encoder encoder(Compression compression) {
    return switch (compression) {
      case NONE -> Encoder.plain();
      case GZIP -> new Encoder.Gzip(config.gzipLevel());
      case ZSTD -> {
        zstd.load();
        yield new Encoder.Zstd(config.zstdLevel());
      }
    };
  }

  private static void write(Handoff<ByteBuffer> packed, OutputStream archive)
      throws InterruptedException {
    try {
      for (ByteBuffer piece = packed.take(); piece != null; piece = packed.take()) {
        archive.write(piece.array(), 0, piece.limit());
      }
      archive.flush();
    } catch (InterruptedIOException e) {
      throw new CancelledException("cancelled while writing", e);
    } catch (IOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException(e.getMessage());
      }
      throw new UnavailableException("while writing: " + e.getMessage(), e);
    }
  }
}
