package dev.carafe.bench;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.types.Descriptor;
import io.grpc.Channel;

/** Creates, lists, updates and deletes images, containers and leases. */
final class MetadataLoad {
  private final Peer peer;
  private final int records;

  MetadataLoad(Peer peer, int records) {
    this.peer = peer;
    this.records = records;
  }

  void run() throws Exception {
    Channel channel = peer.fresh("metadata");
    images(channel);
    containers(channel);
    leases(channel);
  }

  /** An image record; its content need not be there. */
  static Image image(String name, String digest) {
    return Image.newBuilder()
        .setName(name)
        .putLabels("purpose", "load")
        .setTarget(
            Descriptor.newBuilder()
                .setMediaType("application/vnd.oci.image.manifest.v1+json")
                .setDigest(digest)
                .setSize(528))
        .build();
  }

  private void images(Channel channel) throws Exception {
    var images = ImagesGrpc.newBlockingStub(channel);
    String digest = "sha256:" + "0".repeat(64);
    peer.measure(
        "image-create",
        () ->
            Peer.each(
                records,
                n ->
                    images.create(
                        CreateImageRequest.newBuilder()
                            .setImage(image("registry.example/load/image:" + n, digest))
                            .build())));
    peer.measure(
        "image-list",
        () -> expect(images.list(ListImagesRequest.getDefaultInstance()).getImagesCount()));
    peer.measure(
        "image-update",
        () ->
            Peer.each(
                records,
                n ->
                    images.update(
                        UpdateImageRequest.newBuilder()
                            .setImage(
                                // containerd ends when there is no target.
                                image("registry.example/load/image:" + n, digest).toBuilder()
                                    .putLabels("purpose", "updated"))
                            .setUpdateMask(FieldMask.newBuilder().addPaths("labels.purpose"))
                            .build())));
    peer.measure(
        "image-delete",
        () ->
            Peer.each(
                records,
                n ->
                    images.delete(
                        DeleteImageRequest.newBuilder()
                            .setName("registry.example/load/image:" + n)
                            .build())));
  }

  private void containers(Channel channel) throws Exception {
    var containers = ContainersGrpc.newBlockingStub(channel);
    peer.measure(
        "container-create",
        () ->
            Peer.each(
                records,
                n ->
                    containers.create(
                        CreateContainerRequest.newBuilder()
                            .setContainer(
                                Container.newBuilder()
                                    .setId("container-" + n)
                                    .setImage("registry.example/load/image:1")
                                    .setRuntime(
                                        Container.Runtime.newBuilder()
                                            .setName("io.containerd.runc.v2"))
                                    .setSpec(
                                        com.google.protobuf.Any.newBuilder()
                                            .setTypeUrl(
                                                "types.containerd.io/opencontainers/runtime-spec/1/Spec")
                                            .setValue(
                                                com.google.protobuf.ByteString.copyFromUtf8(
                                                    "{\"ociVersion\":\"1.1.0\"}"))))
                            .build())));
    peer.measure(
        "container-list",
        () ->
            expect(
                containers.list(ListContainersRequest.getDefaultInstance()).getContainersCount()));
    peer.measure(
        "container-update",
        () ->
            Peer.each(
                records,
                n ->
                    containers.update(
                        UpdateContainerRequest.newBuilder()
                            .setContainer(
                                Container.newBuilder()
                                    .setId("container-" + n)
                                    .putLabels("purpose", "updated"))
                            .setUpdateMask(FieldMask.newBuilder().addPaths("labels.purpose"))
                            .build())));
    peer.measure(
        "container-delete",
        () ->
            Peer.each(
                records,
                n ->
                    containers.delete(
                        DeleteContainerRequest.newBuilder().setId("container-" + n).build())));
  }

  private void leases(Channel channel) throws Exception {
    var leases = LeasesGrpc.newBlockingStub(channel);
    peer.measure(
        "lease-create",
        () ->
            Peer.each(
                records,
                n -> leases.create(CreateRequest.newBuilder().setId("lease-" + n).build())));
    peer.measure(
        "lease-list", () -> expect(leases.list(ListRequest.getDefaultInstance()).getLeasesCount()));
    peer.measure(
        "lease-delete",
        () ->
            Peer.each(
                records,
                n -> leases.delete(DeleteRequest.newBuilder().setId("lease-" + n).build())));
  }

  private void expect(int count) {
    if (count != records) {
      throw new IllegalStateException(count + " records instead of " + records);
    }
  }
}
