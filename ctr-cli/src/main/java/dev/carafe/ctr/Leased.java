package dev.carafe.ctr;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** A lease for one command: what is made under it stays until the command has named it. */
final class Leased implements AutoCloseable {
  private static final Duration LIFE = Duration.ofHours(24);
  private static final int CHUNK = 1 << 20;

  private final Session session;
  private final String id;

  Leased(Session session) {
    this.session = session;
    String expiry = Instant.now().plus(LIFE).truncatedTo(ChronoUnit.SECONDS).toString();
    this.id =
        session
            .channel()
            .unary(
                Api.Leases.CREATE,
                CreateRequest.newBuilder().putLabels(LeaseCommands.EXPIRE, expiry).build())
            .getLease()
            .getId();
  }

  /** Metadata of calls that make something. */
  Map<String, String> metadata() {
    return Map.of("containerd-lease", id);
  }

  /** A blob as a stream. */
  InputStream read(Digest digest) {
    Call<ReadContentRequest, ReadContentResponse> call =
        session.channel().stream(
            Api.Content.READ, ReadContentRequest.newBuilder().setDigest(digest.toString()).build());
    return new InputStream() {
      private ByteString part = ByteString.EMPTY;
      private int at;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        while (at == part.size()) {
          ReadContentResponse next = call.receive();
          if (next == null) {
            return -1;
          }
          part = next.getData();
          at = 0;
        }
        int count = Math.min(length, part.size() - at);
        part.copyTo(bytes, at, offset, count);
        at += count;
        return count;
      }

      @Override
      public void close() {
        call.close();
      }
    };
  }

  /** Makes a blob of a stream, or finds that it is there. */
  Descriptor write(String mediaType, InputStream in, Map<String, String> labels)
      throws IOException {
    long size = 0;
    java.security.MessageDigest hash = Digest.hasher("sha256");
    try (Call<WriteContentRequest, WriteContentResponse> call =
        session.channel().open(Api.Content.WRITE, metadata())) {
      exchange(
          call,
          WriteContentRequest.newBuilder()
              .setAction(WriteAction.STAT)
              .setRef("carafe-" + id + "-" + System.nanoTime())
              .build());
      for (byte[] chunk = in.readNBytes(CHUNK); chunk.length > 0; chunk = in.readNBytes(CHUNK)) {
        exchange(
            call,
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.WRITE)
                .setOffset(size)
                .setData(ByteString.copyFrom(chunk))
                .build());
        hash.update(chunk);
        size += chunk.length;
      }
      Digest digest = Digest.finish("sha256", hash.digest());
      try {
        exchange(
            call,
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.COMMIT)
                .setOffset(size)
                .setTotal(size)
                .setExpected(digest.toString())
                .putAllLabels(labels)
                .build());
        call.halfClose();
      } catch (StatusException e) {
        if (e.code() != StatusException.ALREADY_EXISTS) {
          throw e;
        }
      }
      return new Descriptor(mediaType, digest, size);
    }
  }

  private static void exchange(
      Call<WriteContentRequest, WriteContentResponse> call, WriteContentRequest request) {
    call.send(request);
    if (call.receive() == null) {
      throw new StatusException(StatusException.INTERNAL, "content was not taken");
    }
  }

  /** Size of a blob, or -1 if it is not there. */
  static long size(Session session, Digest digest) {
    try {
      return session
          .channel()
          .unary(Api.Content.INFO, InfoRequest.newBuilder().setDigest(digest.toString()).build())
          .getInfo()
          .getSize();
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return -1;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    session.channel().unary(Api.Leases.DELETE, DeleteRequest.newBuilder().setId(id).build());
  }
}
