package dev.carafe.bench;

import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A garbage collection over many objects: a tenth are blobs, which refer to each other and are held
 * by a lease, and the rest images. A deletion that waits for the collection says how long it takes,
 * first with nothing to remove, then with all blobs.
 */
final class CollectionLoad {
  private static final int GROUP = 100;
  private static final String LEASE = "load";

  private final Peer peer;
  private final int objects;

  CollectionLoad(Peer peer, int objects) {
    this.peer = peer;
    this.objects = objects;
  }

  void run() throws Exception {
    var channel = peer.fresh("collection");
    var leases = LeasesGrpc.newBlockingStub(channel);
    leases.create(CreateRequest.newBuilder().setId(LEASE).build());
    leases.create(CreateRequest.newBuilder().setId("other").build());
    var blobs = new Blobs(peer.namespace(peer.namespaceOf("collection"), LEASE));
    Peer.each(objects / 10 / GROUP, n -> group(blobs, n));
    var images = ImagesGrpc.newBlockingStub(channel);
    String digest = "sha256:" + "0".repeat(64);
    Peer.each(
        objects - objects / 10,
        n ->
            images.create(
                CreateImageRequest.newBuilder()
                    .setImage(MetadataLoad.image("image:" + n, digest))
                    .build()));
    peer.measure(
        "collect-nothing",
        () -> leases.delete(DeleteRequest.newBuilder().setId("other").setSync(true).build()));
    peer.measure(
        "collect-blobs",
        () -> leases.delete(DeleteRequest.newBuilder().setId(LEASE).setSync(true).build()));
  }

  /** Blobs that one of them refers to. */
  private static void group(Blobs blobs, int group) {
    Map<String, String> references = new HashMap<>();
    for (int i = 1; i < GROUP; i++) {
      byte[] blob = ("blob " + group + " " + i).getBytes(StandardCharsets.UTF_8);
      references.put("containerd.io/gc.ref.content." + i, blobs.write(blob, Map.of()));
    }
    blobs.write(("root " + group).getBytes(StandardCharsets.UTF_8), references);
  }
}
