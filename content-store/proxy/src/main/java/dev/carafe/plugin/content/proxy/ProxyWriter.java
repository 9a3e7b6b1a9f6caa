package dev.carafe.plugin.content.proxy;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.AbortRequest;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.Patience;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.support.PeerStream;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Caller;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one ingest of the peer. The stream holds the ref; each question has one answer, and the
 * first one says where the ingest stands. A refusal ends the stream; the next call opens another
 * one, and goes on if the ingest stands where this writer believes it to.
 */
final class ProxyWriter implements ContentWriter {
  /** Bytes in one message; other processes may take no more than 4 MiB. */
  private static final int PIECE = 1 << 20;

  private final Peer peer;
  private final Answers answers;
  private final Caller caller;
  private final IngestRequest request;
  private @Nullable PeerStream<WriteContentRequest, WriteContentResponse> stream;
  private long offset;
  private long total;
  private Digest digest = Digest.of(new byte[0]);
  private Instant startedAt = Instant.EPOCH;
  private Instant updatedAt = Instant.EPOCH;
  private boolean closed;

  private ProxyWriter(Peer peer, Caller caller, IngestRequest request) {
    this.peer = peer;
    this.answers = new Answers(peer);
    this.caller = caller;
    this.request = request;
    this.total = request.total();
  }

  static ProxyWriter open(Peer peer, Caller caller, IngestRequest request) {
    ProxyWriter writer = new ProxyWriter(peer, caller, request);
    writer.offset = writer.begin();
    return writer;
  }

  @Override
  public IngestStatus status() {
    return new IngestStatus(request.ref(), offset, total, request.expected(), startedAt, updatedAt);
  }

  @Override
  public Digest digest() {
    return digest;
  }

  @Override
  public void write(ByteBuffer bytes) {
    requireOpen();
    while (bytes.hasRemaining()) {
      int length = Math.min(PIECE, bytes.remaining());
      ByteString piece = ByteString.copyFrom(bytes, length);
      WriteContentRequest question =
          WriteContentRequest.newBuilder()
              .setAction(WriteAction.WRITE)
              .setOffset(offset)
              .setData(piece)
              .build();
      resume();
      WriteContentResponse answer = ask(question, Patience.PIECE);
      if (answer.getOffset() != offset + length) {
        drop();
        throw peer.nonsense(
            "ref "
                + request.ref()
                + ": wrote "
                + length
                + " bytes at "
                + offset
                + ", answers that it stands at "
                + answer.getOffset());
      }
      offset += length;
      learn(answer);
    }
  }

  /** The protocol has no word for it: the ingest is thrown away, and another one opened. */
  @Override
  public void truncate() {
    requireOpen();
    if (offset == 0) {
      return;
    }
    release();
    abort();
    offset = begin();
    if (offset != 0) {
      throw new AbortedException("ref " + request.ref() + ": somebody else writes it");
    }
  }

  @Override
  public Digest commit(long size, @Nullable Digest expected, Map<String, String> labels) {
    requireOpen();
    if (size > 0 && size != offset) {
      throw new FailedPreconditionException(
          "unexpected commit size " + offset + ", expected " + size);
    }
    WriteContentRequest question =
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.COMMIT)
            .setOffset(offset)
            .setTotal(size)
            .setExpected(expected == null ? "" : expected.toString())
            .putAllLabels(labels)
            .build();
    resume();
    WriteContentResponse answer;
    try {
      answer = ask(question, Patience.HASH);
    } catch (AlreadyExistsException e) {
      closed = true;
      discard(e);
      throw e;
    }
    closed = true;
    release();
    Digest committed = answers.digest(answer.getDigest());
    if (expected != null && !expected.equals(committed)) {
      throw peer.nonsense("asked to commit " + expected + ", committed " + committed);
    }
    return committed;
  }

  @Override
  public void close() {
    closed = true;
    release();
  }

  private void requireOpen() {
    if (closed) {
      throw new FailedPreconditionException("ref " + request.ref() + ": the writer is closed");
    }
  }

  /** Opens a stream if there is none, and makes sure that it goes on where this writer stands. */
  private void resume() {
    if (stream != null) {
      return;
    }
    long stands = begin();
    if (stands != offset) {
      drop();
      throw new AbortedException(
          "ref "
              + request.ref()
              + ": the ingest stands at "
              + stands
              + ", and its writer at "
              + offset);
    }
  }

  /** Opens a stream, which holds the ref from here on; where the ingest stands. */
  private long begin() {
    stream = caller.call(() -> peer.talk(ContentGrpc.getWriteMethod()));
    Digest expected = request.expected();
    WriteContentResponse answer =
        ask(
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.STAT)
                .setRef(request.ref())
                .setTotal(request.total())
                .setExpected(expected == null ? "" : expected.toString())
                .build(),
            Patience.HASH);
    boolean learnt = false;
    try {
      learn(answer);
      learnt = true;
    } finally {
      if (!learnt) {
        drop();
      }
    }
    return answer.getOffset();
  }

  private WriteContentResponse ask(WriteContentRequest question, Duration atMost) {
    PeerStream<WriteContentRequest, WriteContentResponse> open = stream;
    if (open == null) {
      throw new IllegalStateException("no stream");
    }
    boolean answered = false;
    try {
      WriteContentResponse answer = open.ask(question, atMost);
      answers.count("offset", answer.getOffset());
      answered = true;
      return answer;
    } finally {
      if (!answered) {
        release();
      }
    }
  }

  private void learn(WriteContentResponse answer) {
    Digest hashed = answers.digestOrNull(answer.getDigest());
    if (hashed != null) {
      digest = hashed;
    }
    total = Math.max(total, answers.count("total", answer.getTotal()));
    if (answer.hasStartedAt()) {
      startedAt = answers.instant(answer.getStartedAt());
    }
    if (answer.hasUpdatedAt()) {
      updatedAt = answers.instant(answer.getUpdatedAt());
    }
  }

  private void drop() {
    PeerStream<WriteContentRequest, WriteContentResponse> open = stream;
    stream = null;
    if (open != null) {
      open.close();
    }
  }

  /** Ends the stream; the peer has released the ref when this returns, if it is well. */
  private void release() {
    PeerStream<WriteContentRequest, WriteContentResponse> open = stream;
    if (open == null) {
      return;
    }
    // The peer goes on holding the ref until it has heard of the end.
    boolean interrupted = Thread.interrupted();
    try {
      open.end(Patience.END);
    } catch (DaemonException e) {
      // It is over one way or the other.
    } finally {
      drop();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The ingest of a blob that is there; a peer may have thrown it away itself. */
  private void discard(AlreadyExistsException refusal) {
    try {
      abort();
    } catch (DaemonException e) {
      refusal.addSuppressed(e);
    }
  }

  private void abort() {
    try {
      caller.run(() ->
          peer.call(
              ContentGrpc.getAbortMethod(),
              AbortRequest.newBuilder().setRef(request.ref()).build(),
              Patience.CALL));
    } catch (NotFoundException e) {
      // Nothing was written.
    }
  }
}
