package dev.carafe.plugin.content.proxy;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.plugin.proxy.support.Patience;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.support.PeerStream;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Caller;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads a blob from the peer. One stream runs ahead from the beginning, as far as flow control lets
 * it, for the reader that goes through the blob; reads elsewhere, or at the same time as another,
 * ask for their part alone. A second part that follows on the first takes the stream over.
 */
final class ProxyReader implements BlobReader {
  /** Bytes that one read elsewhere asks for at most. */
  private static final int PART = 1 << 20;

  private final Peer peer;
  private final Caller caller;
  private final Digest digest;
  private final long size;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable PeerStream<ReadContentRequest, ReadContentResponse> stream;
  private ByteString rest = ByteString.EMPTY;
  private long position;
  private volatile long lastEnd = -1;
  private volatile boolean closed;

  ProxyReader(Peer peer, Caller caller, Digest digest, long size) {
    this.peer = peer;
    this.caller = caller;
    this.digest = digest;
    this.size = size;
    if (size > 0) {
      begin(0);
      // The first piece is here before anybody may delete the blob.
      rest = piece();
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(ByteBuffer target, long offset) {
    if (closed) {
      throw new FailedPreconditionException("content " + digest + ": the reader is closed");
    }
    if (offset < 0 || offset >= size) {
      return -1;
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    if (lock.tryLock()) {
      try {
        if (offset == position || offset == lastEnd) {
          return sequential(target, offset);
        }
      } finally {
        lock.unlock();
      }
    }
    return part(target, offset);
  }

  private int sequential(ByteBuffer target, long offset) {
    if (offset != position || (stream == null && rest.isEmpty())) {
      begin(offset);
    }
    while (rest.isEmpty()) {
      rest = piece();
    }
    int length = Math.min(target.remaining(), rest.size());
    target.put(rest.substring(0, length).asReadOnlyByteBuffer());
    rest = rest.substring(length);
    position += length;
    lastEnd = position;
    return length;
  }

  private void begin(long offset) {
    end();
    position = offset;
    stream = open(offset, size - offset);
  }

  /** The next piece of the stream, checked. */
  private ByteString piece() {
    PeerStream<ReadContentRequest, ReadContentResponse> open = stream;
    if (open == null) {
      throw new UnavailableException("content " + digest + ": the stream is over");
    }
    boolean got = false;
    try {
      ByteString piece = next(open, position, size - position);
      got = true;
      return piece;
    } finally {
      if (!got) {
        end();
      }
    }
  }

  private ByteString next(
      PeerStream<ReadContentRequest, ReadContentResponse> open, long expected, long most) {
    ReadContentResponse response = open.next(Patience.PIECE);
    if (response == null) {
      throw peer.nonsense("content " + digest + " ends at " + expected + " of " + size);
    }
    ByteString data = response.getData();
    if (response.getOffset() != expected || data.size() > most) {
      throw peer.nonsense(
          "content "
              + digest
              + ": asked for "
              + most
              + " bytes at "
              + expected
              + ", answers with "
              + data.size()
              + " at "
              + response.getOffset());
    }
    return data;
  }

  private int part(ByteBuffer target, long offset) {
    long most = Math.min(Math.min(target.remaining(), PART), size - offset);
    try (var open = open(offset, most)) {
      ByteString data = next(open, offset, most);
      while (data.isEmpty()) {
        data = next(open, offset, most);
      }
      target.put(data.asReadOnlyByteBuffer());
      lastEnd = offset + data.size();
      return data.size();
    }
  }

  private PeerStream<ReadContentRequest, ReadContentResponse> open(long offset, long length) {
    ReadContentRequest request =
        ReadContentRequest.newBuilder()
            .setDigest(digest.toString())
            .setOffset(offset)
            .setSize(length)
            .build();
    return caller.call(() -> peer.stream(ContentGrpc.getReadMethod(), request, null));
  }

  private void end() {
    PeerStream<ReadContentRequest, ReadContentResponse> open = stream;
    stream = null;
    rest = ByteString.EMPTY;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    // A read that is under way ends the stream when it comes back.
    if (lock.tryLock()) {
      try {
        end();
      } finally {
        lock.unlock();
      }
    }
  }
}
