package dev.carafe.plugin.snapshotter.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.MountsResponse;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotResponse;
import dev.carafe.api.types.Mount;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.plugins.ProxyPeer;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Peers that are not there, do not answer, or answer nonsense. */
@ExtendWith(LeakCheck.class)
class ProxySnapshotterTest {
  private static final SnapshotKey KEY = new SnapshotKey("key");

  private WorkDirectory work;
  private Path socket;

  @BeforeEach
  void directory(WorkDirectory directory) {
    work = directory;
    socket = directory.path().resolve("s");
  }

  private ProxySnapshotter proxy(String... capabilities) {
    return proxy(PeerServer.settings(socket, capabilities));
  }

  private ProxySnapshotter proxy(ProxyPeer settings) {
    return work.closeLater(new ProxySnapshotter(Peer.open(settings), settings.capabilities()));
  }

  private PeerServer serve(SnapshotsGrpc.SnapshotsImplBase service) {
    return work.closeLater(PeerServer.start(socket, service));
  }

  @Test
  void whoIsNotThereIsUnavailableAndNamed() {
    var refused = assertThrows(UnavailableException.class, () -> proxy().stat(KEY));
    assertTrue(
        refused.getMessage().startsWith("proxy plugin tested at " + socket + ": "),
        refused::getMessage);
  }

  @Test
  void whoComesBackIsUsedAtOnce() {
    ServedStores stores = work.closeLater(ServedStores.in(work.path()));
    ProxySnapshotter proxy = proxy();
    for (int round = 0; round < 3; round++) {
      assertThrows(UnavailableException.class, () -> proxy.stat(KEY));
      try (PeerServer server = stores.serve(socket)) {
        if (round == 0) {
          proxy.prepare(KEY, null, Map.of());
        }
        assertInstanceOf(Snapshot.Active.class, proxy.stat(KEY), server::toString);
      }
    }
  }

  @Test
  void whoDoesNotAnswerFailsItsOwnCallsInTime() {
    CountDownLatch forever = new CountDownLatch(1);
    serve(
        new SnapshotsGrpc.SnapshotsImplBase() {
          @Override
          public void stat(
              StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
            try {
              forever.await();
            } catch (InterruptedException e) {
              observer.onError(Status.CANCELLED.asRuntimeException());
            }
          }

          @Override
          public void mounts(MountsRequest request, StreamObserver<MountsResponse> observer) {
            observer.onNext(MountsResponse.getDefaultInstance());
            observer.onCompleted();
          }
        });
    ProxySnapshotter proxy = proxy();
    long began = System.nanoTime();

    var late = assertThrows(DeadlineExceededException.class, () -> proxy.stat(KEY));

    Duration took = Duration.ofNanos(System.nanoTime() - began);
    assertTrue(took.compareTo(Duration.ofSeconds(20)) < 0, took::toString);
    assertTrue(late.getMessage().contains(socket.toString()), late::getMessage);
    proxy.mounts(KEY);
  }

  @Test
  void anInterruptEndsACall() {
    serve(
        new SnapshotsGrpc.SnapshotsImplBase() {
          @Override
          public void stat(
              StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {}
        });
    ProxySnapshotter proxy = proxy();
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> proxy.stat(KEY));
    assertTrue(Thread.interrupted());
  }

  @Test
  void whoSpeaksSomethingElseIsNamed() throws IOException {
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual()
          .start(() -> {
            while (true) {
              try (SocketChannel connection = listening.accept()) {
                connection.write(
                    ByteBuffer.wrap("HTTP/1.0 200 OK\r\n\r\n".getBytes(StandardCharsets.UTF_8)));
              } catch (IOException e) {
                return;
              }
            }
          });
      var failure = assertThrows(DaemonException.class, () -> proxy().stat(KEY));
      assertTrue(failure.getMessage().contains("proxy plugin tested"), failure::getMessage);
    }
  }

  @Test
  void whoDiesInTheMiddleOfAListingFailsIt() {
    serve(
        new SnapshotsGrpc.SnapshotsImplBase() {
          @Override
          public void list(
              ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
            observer.onNext(
                ListSnapshotsResponse.newBuilder()
                    .addInfo(
                        Info.newBuilder()
                            .setName("a")
                            .setKind(dev.carafe.api.services.snapshots.v1.Kind.ACTIVE))
                    .build());
            observer.onError(Status.INTERNAL.withDescription("bang").asRuntimeException());
          }
        });
    var failure =
        assertThrows(
            AbortedException.class,
            () ->
                proxy()
                    .forEach(snapshot -> {
                      throw new AssertionError("half a listing is shown");
                    }));
    assertTrue(failure.getMessage().endsWith(": bang"), failure::getMessage);
  }

  @Test
  void nonsenseIsNotBelieved() {
    serve(
        new SnapshotsGrpc.SnapshotsImplBase() {
          @Override
          public void stat(
              StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
            Info.Builder info = Info.newBuilder().setName(request.getKey());
            if (request.getKey().equals("other")) {
              info.setName("another").setKindValue(1);
            }
            observer.onNext(StatSnapshotResponse.newBuilder().setInfo(info).build());
            observer.onCompleted();
          }

          @Override
          public void mounts(MountsRequest request, StreamObserver<MountsResponse> observer) {
            observer.onNext(
                MountsResponse.newBuilder()
                    .addMounts(Mount.newBuilder().setType("bind").setTarget("../.."))
                    .build());
            observer.onCompleted();
          }
        });
    assertThrows(DataLossException.class, () -> proxy().stat(KEY));
    assertThrows(DataLossException.class, () -> proxy().stat(new SnapshotKey("other")));
    assertThrows(DataLossException.class, () -> proxy().mounts(KEY));
  }

  @Test
  void whoKnowsNoCleanupHasNothingToCleanUp() {
    serve(new SnapshotsGrpc.SnapshotsImplBase() {});
    proxy().cleanup();
    assertThrows(UnimplementedException.class, () -> proxy().stat(KEY));
  }

  @Test
  void aParentAtCommitNeedsTheCapability() {
    CommitRequest request = new CommitRequest(KEY, new SnapshotKey("n"), KEY, Map.of());
    assertThrows(UnimplementedException.class, () -> proxy().commit(request));
    assertTrue(proxy("rebase").capabilities().contains(Capability.REBASE));
  }

  @Test
  void namespaceAndLeaseArePassedOn() {
    PeerServer server =
        serve(
            new SnapshotsGrpc.SnapshotsImplBase() {
              @Override
              public void cleanup(CleanupRequest request, StreamObserver<Empty> observer) {
                observer.onNext(Empty.getDefaultInstance());
                observer.onCompleted();
              }
            });
    Caller caller = new Caller("one", "held");
    ProxySnapshotter passing = proxy(new ProxyPeer("p", "p", socket, socket, Set.of(), "", ""));
    caller.run(passing::cleanup);
    passing.cleanup();
    caller.run(proxy(new ProxyPeer("p", "p", socket, socket, Set.of(), "own", ""))::cleanup);
    caller.run(proxy(new ProxyPeer("p", "p", socket, socket, Set.of(), "own", "mine"))::cleanup);

    assertEquals(
        java.util.List.of("one/held", "null/null", "own/null", "own/mine"),
        server.headers().stream()
            .map(headers ->
                header(headers, "containerd-namespace") + "/" + header(headers, "containerd-lease"))
            .toList());
  }

  private static String header(Metadata headers, String name) {
    return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
  }
}
