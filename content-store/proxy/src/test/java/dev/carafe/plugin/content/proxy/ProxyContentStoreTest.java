package dev.carafe.plugin.content.proxy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.InfoResponse;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Peers that go away in the middle, or answer nonsense. */
@ExtendWith(LeakCheck.class)
class ProxyContentStoreTest {
  private static final byte[] BYTES = new byte[3 << 20];
  private static final Digest DIGEST;

  static {
    new Random(1).nextBytes(BYTES);
    DIGEST = Digest.of(BYTES);
  }

  private WorkDirectory work;
  private Path socket;
  private ProxyContentStore proxy;

  @BeforeEach
  void directory(WorkDirectory directory) {
    work = directory;
    socket = directory.path().resolve("s");
    proxy = work.closeLater(new ProxyContentStore(Peer.open(PeerServer.settings(socket))));
  }

  private static ByteBuffer bytes(int from, int to) {
    return ByteBuffer.wrap(BYTES, from, to - from);
  }

  private static IngestRequest request() {
    return new IngestRequest("ref", BYTES.length, DIGEST);
  }

  @Test
  void anIngestGoesOnWhenThePeerIsBack() {
    ServedStores stores = work.closeLater(ServedStores.in(work.path()));
    PeerServer first = stores.serve(socket);
    try (ContentWriter writer = proxy.writer(request())) {
      writer.write(bytes(0, 2 << 20));
      first.close();
      assertThrows(DaemonException.class, () -> writer.write(bytes(2 << 20, BYTES.length)));
    }
    assertThrows(UnavailableException.class, () -> proxy.writer(request()));

    work.closeLater(stores.serve(socket));
    try (ContentWriter writer = proxy.writer(request())) {
      assertEquals(2 << 20, writer.status().offset());
      writer.write(bytes(2 << 20, BYTES.length));
      writer.commit(BYTES.length, DIGEST, Map.of());
    }
    try (BlobReader reader = proxy.open(DIGEST)) {
      assertArrayEquals(BYTES, reader.readAll(BYTES.length));
    }
  }

  @Test
  void aWriterGoesOnByItselfWhereItStood() {
    ServedStores stores = work.closeLater(ServedStores.in(work.path()));
    PeerServer first = stores.serve(socket);
    try (ContentWriter writer = proxy.writer(request())) {
      writer.write(bytes(0, 2 << 20));
      first.close();
      assertThrows(DaemonException.class, () -> writer.write(bytes(2 << 20, BYTES.length)));
      work.closeLater(stores.serve(socket));

      writer.write(bytes(2 << 20, BYTES.length));
      assertEquals(DIGEST, writer.commit(BYTES.length, DIGEST, Map.of()));
    }
  }

  @Test
  void aReadThatBreaksOffFails() {
    ServedStores stores = work.closeLater(ServedStores.in(work.path()));
    PeerServer first = stores.serve(socket);
    try (ContentWriter writer = proxy.writer(request())) {
      writer.write(bytes(0, BYTES.length));
      writer.commit(BYTES.length, DIGEST, Map.of());
    }
    try (BlobReader reader = proxy.open(DIGEST)) {
      first.close();
      assertThrows(DaemonException.class, () -> reader.readAll(BYTES.length));
      work.closeLater(stores.serve(socket));
      assertArrayEquals(BYTES, reader.readAll(BYTES.length));
    }
  }

  /** Says that it has 10 bytes, and answers reads as the test wants. */
  private abstract static class Liar extends ContentGrpc.ContentImplBase {
    @Override
    public void info(InfoRequest request, StreamObserver<InfoResponse> observer) {
      observer.onNext(
          InfoResponse.newBuilder()
              .setInfo(Info.newBuilder().setDigest(request.getDigest()).setSize(10))
              .build());
      observer.onCompleted();
    }

    @Override
    public void read(ReadContentRequest request, StreamObserver<ReadContentResponse> observer) {
      observer.onNext(answer(request));
      observer.onCompleted();
    }

    abstract ReadContentResponse answer(ReadContentRequest request);
  }

  private void assertNotBelieved(long offset, int length) {
    try (PeerServer server =
        PeerServer.start(
            socket,
            new Liar() {
              @Override
              ReadContentResponse answer(ReadContentRequest request) {
                return ReadContentResponse.newBuilder()
                    .setOffset(request.getOffset() + offset)
                    .setData(ByteString.copyFrom(new byte[length]))
                    .build();
              }
            })) {
      assertThrows(
          DataLossException.class,
          () -> {
            try (BlobReader reader = proxy.open(DIGEST)) {
              reader.readAll(10);
            }
          },
          server::toString);
    }
  }

  @Test
  void readsThatCannotBeRightAreNotBelieved() {
    assertNotBelieved(0, 11);
    assertNotBelieved(1, 5);
    assertNotBelieved(0, 5);
    assertNotBelieved(0, 0);
  }

  @Test
  void aWriteThatWasNotTakenIsNotBelieved() {
    work.closeLater(
        PeerServer.start(
            socket,
            new ContentGrpc.ContentImplBase() {
              @Override
              public StreamObserver<WriteContentRequest> write(
                  StreamObserver<WriteContentResponse> observer) {
                return new StreamObserver<>() {
                  @Override
                  public void onNext(WriteContentRequest request) {
                    observer.onNext(WriteContentResponse.getDefaultInstance());
                  }

                  @Override
                  public void onError(Throwable gone) {}

                  @Override
                  public void onCompleted() {
                    observer.onCompleted();
                  }
                };
              }
            }));
    try (ContentWriter writer = proxy.writer(request())) {
      var refused = assertThrows(DataLossException.class, () -> writer.write(bytes(0, 5)));
      assertTrue(refused.getMessage().contains("ref ref"), refused::getMessage);
    }
  }

  @Test
  void digestsThatAreNoneAreNotBelieved() {
    work.closeLater(
        PeerServer.start(
            socket,
            new ContentGrpc.ContentImplBase() {
              @Override
              public void info(InfoRequest request, StreamObserver<InfoResponse> observer) {
                observer.onNext(
                    InfoResponse.newBuilder()
                        .setInfo(Info.newBuilder().setDigest("sha256:zz"))
                        .build());
                observer.onCompleted();
              }
            }));
    Digest digest = Digest.of("x".getBytes(StandardCharsets.UTF_8));
    assertThrows(DataLossException.class, () -> proxy.info(digest));
  }
}
