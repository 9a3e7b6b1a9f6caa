package dev.carafe.services;

import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One write stream (containerd content API, "Write"): the first message names the ref, which this
 * stream then holds; each request gets one response; a commit ends the stream; an end without one
 * leaves the ingest to be resumed.
 */
final class ContentWriteCall implements StreamObserver<WriteContentRequest> {
  private final Supplier<ContentStore> content;
  private final StreamObserver<WriteContentResponse> observer;
  private @Nullable ContentWriter writer;
  private String ref = "";
  private long total;
  private @Nullable Digest expected;
  private boolean ended;

  ContentWriteCall(Supplier<ContentStore> content, StreamObserver<WriteContentResponse> observer) {
    this.content = content;
    this.observer = observer;
  }

  @Override
  public void onNext(WriteContentRequest request) {
    if (ended) {
      return;
    }
    try {
      WriteContentResponse response = handle(request);
      observer.onNext(response);
      if (request.getAction() == WriteAction.COMMIT) {
        end();
        observer.onCompleted();
      }
    } catch (Throwable e) {
      end();
      observer.onError(Failures.status(e).asRuntimeException());
    }
  }

  @Override
  public void onError(Throwable gone) {
    end();
  }

  @Override
  public void onCompleted() {
    if (!ended) {
      end();
      observer.onCompleted();
    }
  }

  private void end() {
    ended = true;
    if (writer != null) {
      writer.close();
      writer = null;
    }
  }

  private WriteContentResponse handle(WriteContentRequest request) {
    Digest named = Protos.digestOrNull(request.getExpected());
    if (request.getTotal() > 0) {
      total = request.getTotal();
    }
    ContentWriter open = writer;
    if (open == null) {
      if (request.getRef().isEmpty()) {
        throw new InvalidArgumentException("first message must have a reference");
      }
      ref = request.getRef();
      expected = named;
      open = content.get().writer(new IngestRequest(ref, total, expected));
      writer = open;
    } else if (named != null && !named.equals(expected)) {
      expected = named;
      abortIfPresent(open, named);
    }
    return switch (request.getAction()) {
      case STAT -> response(request, open.status(), open.digest());
      case WRITE -> {
        write(open, request);
        yield response(request, open.status(), open.digest());
      }
      case COMMIT -> commit(open, request);
      case UNRECOGNIZED ->
          throw new InvalidArgumentException("unknown write action " + request.getActionValue());
    };
  }

  /** The blob came by another way: this ingest has no future. */
  private void abortIfPresent(ContentWriter open, Digest named) {
    try {
      content.get().info(named);
    } catch (NotFoundException absent) {
      return;
    }
    open.close();
    writer = null;
    content.get().abort(ref);
    throw new AlreadyExistsException("blob with expected digest " + named + " exists");
  }

  private static void write(ContentWriter open, WriteContentRequest request) {
    long offset = open.status().offset();
    if (request.getOffset() > 0 && request.getOffset() != offset) {
      throw new OutOfRangeException(
          "write @" + request.getOffset() + " must occur at current offset " + offset);
    }
    if (request.getOffset() == 0 && offset > 0) {
      open.truncate();
    }
    for (ByteBuffer part : request.getData().asReadOnlyByteBufferList()) {
      open.write(part);
    }
  }

  private WriteContentResponse commit(ContentWriter open, WriteContentRequest request) {
    write(open, request);
    IngestStatus last = open.status();
    Digest digest = open.commit(total, expected, Labels.checked(request.getLabelsMap()));
    return response(request, last, digest);
  }

  private WriteContentResponse response(
      WriteContentRequest request, IngestStatus status, Digest digest) {
    return WriteContentResponse.newBuilder()
        .setAction(request.getAction())
        .setStartedAt(Protos.timestamp(status.startedAt()))
        .setUpdatedAt(Protos.timestamp(status.updatedAt()))
        .setOffset(status.offset())
        .setTotal(total > 0 ? total : status.total())
        .setDigest(digest.toString())
        .build();
  }
}
