package dev.carafe.plugin.diff.tar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chunks from one producer to several consumers: each sees all of them, in order. Holds a bounded
 * number of buffers; the slowest consumer sets the pace.
 */
final class ChunkFan implements AutoCloseable {
  private final BufferPool.Loan loan;
  private final int buffers;
  private final Handoff<Chunk> free;
  private final List<Handoff<Chunk>> outputs = new ArrayList<>();

  /** Borrows up to {@code buffers} from {@code pool}, and gives them back when it is closed. */
  ChunkFan(Pipeline pipeline, BufferPool pool, int buffers, int consumers) {
    this.loan = pool.lend();
    this.buffers = buffers;
    this.free = pipeline.handoff(buffers);
    for (int i = 0; i < consumers; i++) {
      outputs.add(pipeline.handoff(buffers));
    }
  }

  Handoff<Chunk> output(int consumer) {
    return outputs.get(consumer);
  }

  /** For the producer: an empty chunk, as soon as there is one. */
  Chunk acquire() throws InterruptedException {
    Chunk chunk = free.poll();
    if (chunk == null && loan.count() < buffers) {
      chunk = new Chunk(loan.allocate(), free);
    }
    while (chunk == null) {
      chunk = free.take();
    }
    chunk.buffer().clear();
    return chunk;
  }

  /** For the producer: sends a chunk with something in it to all consumers. */
  void publish(Chunk chunk) throws InterruptedException {
    chunk.buffer().flip();
    chunk.readers(outputs.size());
    for (Handoff<Chunk> output : outputs) {
      output.put(chunk);
    }
  }

  void finish() {
    outputs.forEach(Handoff::finish);
  }

  /** Gives the buffers back. Only after the pipeline has ended. */
  @Override
  public void close() {
    loan.close();
  }

  /** What a consumer does with each chunk. */
  @FunctionalInterface
  interface Reader {
    void read(Chunk chunk) throws InterruptedException;
  }

  /** Reads one output to its end. */
  static void forEach(Handoff<Chunk> output, Reader reader) throws InterruptedException {
    for (@Nullable Chunk chunk = output.take(); chunk != null; chunk = output.take()) {
      reader.read(chunk);
      chunk.release();
    }
  }
}
