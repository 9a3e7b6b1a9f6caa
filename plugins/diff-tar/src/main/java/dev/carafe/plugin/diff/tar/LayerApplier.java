package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Applies one layer: the caller's thread reads, then three stages unpack, hash and extract, so that
 * one layer keeps several cores busy. Between them go a few large buffers, from which files are
 * written without a copy.
 */
final class LayerApplier {
  private static final int CONSUMERS = 2;
  private static final int HASH = 0;
  private static final int EXTRACT = 1;
  private static final int PIECES_KEPT = 4;

  private final TarDifferConfig config;
  private final BufferPool buffers;
  private final BufferPool pieces = new BufferPool(CompressedInput.PIECE, PIECES_KEPT);
  private final ZstdLibrary zstd;
  private final AtomicLong unsent = new AtomicLong();

  LayerApplier(TarDifferConfig config, BufferPool buffers, ZstdLibrary zstd) {
    this.config = config;
    this.buffers = buffers;
    this.zstd = zstd;
  }

  /**
   * Applies a layer below {@code root}.
   *
   * @param root a readable directory; stays open
   */
  AppliedLayer apply(ApplyRequest request, Fd root, InputStream archive) {
    String mediaType = request.layer().mediaType();
    Compression declared = Compression.of(mediaType);
    String name = "layer " + request.layer().digest();
    var pipeline = new Pipeline("carafe-differ", name);
    var writeback = new Writeback(pipeline, unsent);
    try (var input = new CompressedInput(pipeline, pieces);
        var chunks = new ChunkFan(pipeline, buffers, config.buffers(), CONSUMERS)) {
      return pipeline.run(() -> {
        var size = pipeline.start("unpack", () -> unpack(mediaType, declared, input, chunks));
        var digest = pipeline.start("hash", () -> ArchiveHash.of(chunks.output(HASH)));
        var flushed = pipeline.start("flush", () -> !request.sync() || writeback.run(root));
        var complete =
            pipeline.start(
                "extract",
                () -> extract(request, root, chunks.output(EXTRACT), pipeline, writeback));
        input.feed(archive, request.layer().size());
        Digest diffId = pipeline.await(digest);
        pipeline.await(flushed);
        return new AppliedLayer(diffId, pipeline.await(size), !pipeline.await(complete));
      });
    } catch (RuntimeException e) {
      throw Failures.prefixed(name, e);
    }
  }

  /**
   * Makes files as an archive of any packing says, below {@code root}, without a layer's special
   * names.
   */
  void extract(Fd root, boolean preserveOwnership, InputStream archive) {
    var pipeline = new Pipeline("carafe-files", "archive");
    try (var input = new CompressedInput(pipeline, pieces);
        var chunks = new ChunkFan(pipeline, buffers, config.buffers(), 1)) {
      pipeline.run(() -> {
        var size = pipeline.start("unpack", () -> unpack("", Compression.NONE, input, chunks));
        var done =
            pipeline.start(
                "extract",
                () ->
                    extractFiles(root, preserveOwnership, chunks.output(0), pipeline::checkpoint));
        input.feed(archive, 0);
        pipeline.await(size);
        return pipeline.await(done);
      });
    }
  }

  private boolean extractFiles(
      Fd root, boolean preserveOwnership, Handoff<Chunk> chunks, Runnable checkpoint)
      throws InterruptedException {
    var input = new TarInput(chunks);
    var reader = new TarReader(input, config);
    try (var extractor =
        new Extractor(
            root, Whiteouts.DELETE, reader, config, checkpoint, false, preserveOwnership)) {
      extractor.extract();
    }
    input.drain();
    return true;
  }

  private long unpack(
      String mediaType, Compression declared, CompressedInput input, ChunkFan chunks)
      throws InterruptedException {
    ByteBuffer start = input.piece();
    Compression compression =
        Compression.isCertain(mediaType) ? declared : Compression.detect(start);
    long total = 0;
    try (Decoder decoder = decoder(compression, input)) {
      boolean more = true;
      while (more) {
        Chunk chunk = chunks.acquire();
        more = decoder.decode(chunk.buffer());
        if (chunk.buffer().position() > 0) {
          total += chunk.buffer().position();
          check(total, input.taken());
          chunks.publish(chunk);
        }
      }
    }
    chunks.finish();
    return total;
  }

  private Decoder decoder(Compression compression, CompressedInput input) {
    return switch (compression) {
      case NONE -> Decoder.plain(input);
      case GZIP -> new GzipDecoder(input);
      case ZSTD -> {
        zstd.load();
        yield new ZstdDecoder(input);
      }
    };
  }

  private void check(long unpacked, long packed) {
    if (unpacked > config.maxLayerBytes()) {
      throw new ResourceExhaustedException(
          "unpacks to more than " + config.maxLayerBytes() + " bytes");
    }
    if (unpacked > config.ratioFloorBytes() && unpacked / config.maxRatio() > packed) {
      throw new ResourceExhaustedException(
          packed + " bytes unpack to more than " + config.maxRatio() + " times as much");
    }
  }

  private boolean extract(
      ApplyRequest request, Fd root, Handoff<Chunk> chunks, Pipeline pipeline, Writeback writeback)
      throws InterruptedException {
    var input = new TarInput(chunks);
    var reader = new TarReader(input, config);
    Runnable checkpoint =
        () -> {
          pipeline.checkpoint();
          writeback.reached(input.offset());
        };
    boolean complete;
    try (var extractor = new Extractor(root, request.whiteouts(), reader, config, checkpoint)) {
      complete = extractor.extract();
    }
    input.drain();
    writeback.finish();
    if (request.sync() && complete) {
      FileCalls.syncfs(root);
    }
    return complete;
  }
}
