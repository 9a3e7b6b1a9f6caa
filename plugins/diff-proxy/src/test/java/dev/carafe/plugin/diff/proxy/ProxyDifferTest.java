package dev.carafe.plugin.diff.proxy;

import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.ApplyResponse;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.plugin.diff.tar.TarDifferFactory;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.ServedStores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.content.MemoryContentStore;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The proxy over Carafe's own service and its tar differ. */
@ExtendWith(LeakCheck.class)
class ProxyDifferTest {
  private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  private static final FsTree TREE =
      FsTree.of(dir("/d", 0755), file("/d/a", "one"), file("/b", "two".repeat(100_000)));

  private WorkDirectory work;
  private Path socket;
  private ServedStores stores;

  @BeforeEach
  void directory(WorkDirectory directory) {
    work = directory;
    socket = directory.path().resolve("s");
    stores = work.closeLater(ServedStores.in(work.path(), new TarDifferFactory()));
  }

  private ProxyDiffer proxy() {
    return work.closeLater(
        (ProxyDiffer)
            new ProxyDifferFactory().create(new NoContext(), PeerServer.settings(socket)));
  }

  private Mount bind(String name) throws IOException {
    Path directory = Files.createDirectories(work.path().resolve(name));
    return new Mount("bind", directory.toString(), List.of("rbind", "rw"));
  }

  private record Layer(Descriptor descriptor, byte[] bytes, Digest diffId) {}

  private Layer make(ProxyDiffer proxy, String mediaType) throws IOException {
    Mount upper = bind("upper " + mediaType.length());
    TREE.applyTo(Path.of(upper.source()));
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    Digest diffId =
        proxy.diff(new DiffRequest(List.of(), List.of(upper), mediaType, null), archive);
    byte[] bytes = archive.toByteArray();
    return new Layer(
        new Descriptor(mediaType, Digest.of(bytes), bytes.length, Map.of()), bytes, diffId);
  }

  private AppliedLayer apply(ProxyDiffer proxy, Layer layer, String target) throws IOException {
    return proxy.apply(
        new dev.carafe.spi.diffs.ApplyRequest(
            layer.descriptor(), List.of(bind(target)), Whiteouts.DELETE, true),
        new ByteArrayInputStream(layer.bytes()));
  }

  private List<Digest> blobs() {
    List<Digest> blobs = new ArrayList<>();
    ContentStore content = stores.metadata().stores(new Namespace("default")).content();
    content.forEachBlob(blob -> blobs.add(blob.digest()));
    return blobs;
  }

  @Test
  void whatIsMadeCanBeApplied() throws IOException {
    work.closeLater(stores.serve(socket));
    ProxyDiffer proxy = proxy();
    for (String mediaType : List.of(GZIP, TAR)) {
      Layer layer = make(proxy, mediaType);

      AppliedLayer applied = apply(proxy, layer, "target " + mediaType.length());

      assertEquals(layer.diffId(), applied.diffId());
      TREE.assertSameAs(work.path().resolve("target " + mediaType.length()));
    }
    assertEquals(List.of(), blobs());
  }

  @Test
  void damagedLayersAreRefused() throws IOException {
    work.closeLater(stores.serve(socket));
    ProxyDiffer proxy = proxy();
    Layer layer = make(proxy, GZIP);
    byte[] damaged = layer.bytes().clone();
    damaged[damaged.length / 2] ^= 1;
    assertThrows(
        DaemonException.class,
        () -> apply(proxy, new Layer(layer.descriptor(), damaged, layer.diffId()), "t"));

    byte[] longer = java.util.Arrays.copyOf(layer.bytes(), layer.bytes().length + 1);
    assertThrows(
        DataLossException.class,
        () -> apply(proxy, new Layer(layer.descriptor(), longer, layer.diffId()), "t"));
    assertEquals(List.of(), blobs());
    assertEquals(List.of(), stores.metadata().stores(new Namespace("default")).content().ingests());
  }

  @Test
  void whatTheProtocolCannotSayIsRefusedBeforeAByteIsRead() {
    var request =
        new dev.carafe.spi.diffs.ApplyRequest(
            new Descriptor(GZIP, Digest.of(new byte[0]), 0, Map.of()),
            List.of(),
            Whiteouts.OVERLAY,
            true);
    assertThrows(
        UnimplementedException.class,
        () ->
            proxy()
                .apply(
                    request,
                    new ByteArrayInputStream(new byte[1]) {
                      @Override
                      public int read(byte[] bytes, int from, int length) {
                        throw new AssertionError("is read");
                      }
                    }));
  }

  @Test
  void anUnknownMediaTypeIsUnimplemented() {
    work.closeLater(stores.serve(socket));
    assertThrows(
        UnimplementedException.class,
        () ->
            proxy()
                .diff(
                    new DiffRequest(List.of(), List.of(bind("u")), "text/plain", null),
                    OutputStream.nullOutputStream()));
  }

  @Test
  void whoIsNotThereIsUnavailable() {
    assertThrows(
        UnavailableException.class,
        () ->
            proxy()
                .diff(
                    new DiffRequest(List.of(), List.of(bind("u")), TAR, null),
                    OutputStream.nullOutputStream()));
  }

  @Test
  void answersThatCannotBeRightAreNotBelieved() {
    work.closeLater(
        PeerServer.start(
            socket,
            new DiffGrpc.DiffImplBase() {
              @Override
              public void apply(ApplyRequest request, StreamObserver<ApplyResponse> observer) {
                observer.onNext(ApplyResponse.getDefaultInstance());
                observer.onCompleted();
              }
            }));
    MemoryContentStore content = new MemoryContentStore();
    ProxyDiffer proxy =
        work.closeLater(new ProxyDiffer(Peer.open(PeerServer.settings(socket)), content, true));
    byte[] bytes = {1, 2, 3};
    Layer layer =
        new Layer(new Descriptor(TAR, Digest.of(bytes), 3, Map.of()), bytes, Digest.of(bytes));
    var refused = assertThrows(DataLossException.class, () -> apply(proxy, layer, "t"));
    assertTrue(refused.getMessage().contains("proxy plugin tested"), refused::getMessage);
  }
}
