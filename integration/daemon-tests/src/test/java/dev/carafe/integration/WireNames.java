package dev.carafe.integration;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.api.services.leases.v1.AddResourceRequest;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.DeleteResourceRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.services.leases.v1.ListResourcesRequest;
import dev.carafe.api.services.leases.v1.Resource;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.DeleteNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.GetNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.Namespace;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceRequest;
import dev.carafe.api.types.Descriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Namespaces, images, containers and leases: what is only a name. */
final class WireNames {
  private static final String DIGEST = "sha256:" + "a1".repeat(32);

  private final WireScript script;
  private final NamespacesGrpc.NamespacesBlockingStub namespaces;
  private final ImagesGrpc.ImagesBlockingStub images;
  private final ContainersGrpc.ContainersBlockingStub containers;
  private final LeasesGrpc.LeasesBlockingStub leases;

  WireNames(WireScript script) {
    this.script = script;
    namespaces = NamespacesGrpc.newBlockingStub(script.bare());
    images = ImagesGrpc.newBlockingStub(script.namespace("names"));
    containers = ContainersGrpc.newBlockingStub(script.namespace("names"));
    leases = LeasesGrpc.newBlockingStub(script.namespace("names"));
  }

  void run() throws Exception {
    headers();
    namespaces();
    images();
    imageUpdates();
    containers();
    containerUpdates();
    leases();
    script.call(
        "namespace: delete filled",
        () -> namespaces.delete(DeleteNamespaceRequest.newBuilder().setName("names").build()));
  }

  private void headers() throws Exception {
    script.call(
        "no namespace",
        () ->
            ImagesGrpc.newBlockingStub(script.bare()).list(ListImagesRequest.getDefaultInstance()));
    script.call(
        "bad namespace",
        () ->
            ImagesGrpc.newBlockingStub(script.namespace("a b"))
                .list(ListImagesRequest.getDefaultInstance()));
    script.call(
        "unknown lease",
        () ->
            ImagesGrpc.newBlockingStub(script.lease("names", "nolease"))
                .create(image("leased", DIGEST, "type", 1, Map.of())));
  }

  private void namespaces() throws Exception {
    script.call(
        "namespace: get missing",
        () -> namespaces.get(GetNamespaceRequest.newBuilder().setName("missing").build()));
    script.call("namespace: create unnamed", () -> create("", Map.of()));
    script.call("namespace: create badly named", () -> create("a/b", Map.of()));
    script.call("namespace: create", () -> create("space", Map.of("a", "1", "b", "2")));
    script.call("namespace: create twice", () -> create("space", Map.of()));
    script.call("namespace: update missing", () -> update("missing", Map.of(), List.of()));
    script.call(
        "namespace: update by mask", () -> update("space", Map.of("a", "3"), List.of("labels.a")));
    script.call(
        "namespace: update by wide mask", () -> update("space", Map.of(), List.of("labels")));
    script.call("namespace: update by bad mask", () -> update("space", Map.of(), List.of("name")));
    script.call("namespace: update all", () -> update("space", Map.of("c", "4"), List.of()));
    script.call(
        "namespace: delete missing",
        () -> namespaces.delete(DeleteNamespaceRequest.newBuilder().setName("missing").build()));
    script.call(
        "namespace: delete",
        () -> namespaces.delete(DeleteNamespaceRequest.newBuilder().setName("space").build()));
  }

  private Object create(String name, Map<String, String> labels) {
    return namespaces.create(
        CreateNamespaceRequest.newBuilder()
            .setNamespace(Namespace.newBuilder().setName(name).putAllLabels(labels))
            .build());
  }

  private String update(String name, Map<String, String> labels, List<String> mask) {
    UpdateNamespaceRequest.Builder request =
        UpdateNamespaceRequest.newBuilder()
            .setNamespace(Namespace.newBuilder().setName(name).putAllLabels(labels));
    if (!mask.isEmpty()) {
      request.setUpdateMask(FieldMask.newBuilder().addAllPaths(mask));
    }
    namespaces.update(request.build());
    return shown(
        namespaces
            .get(GetNamespaceRequest.newBuilder().setName(name).build())
            .getNamespace()
            .getLabelsMap());
  }

  private static CreateImageRequest image(
      String name, String digest, String mediaType, long size, Map<String, String> labels) {
    return CreateImageRequest.newBuilder()
        .setImage(
            Image.newBuilder()
                .setName(name)
                .putAllLabels(labels)
                .setTarget(
                    Descriptor.newBuilder()
                        .setDigest(digest)
                        .setMediaType(mediaType)
                        .setSize(size)))
        .build();
  }

  private void images() throws Exception {
    script.call("image: get missing", () -> images.get(get("missing")));
    script.call("image: get unnamed", () -> images.get(get("")));
    script.call(
        "image: create unnamed", () -> images.create(image("", DIGEST, "type", 1, Map.of())));
    script.call(
        "image: create without digest", () -> images.create(image("i", "", "type", 1, Map.of())));
    script.call(
        "image: create with bad digest",
        () -> images.create(image("i", "sha256:12", "type", 1, Map.of())));
    script.call(
        "image: create with unknown algorithm",
        () -> images.create(image("i", "md4:1234", "type", 1, Map.of())));
    script.call(
        "image: create without size", () -> images.create(image("i", DIGEST, "type", 0, Map.of())));
    script.call(
        "image: create without type", () -> images.create(image("i", DIGEST, "", 1, Map.of())));
    script.call(
        "image: create with long label",
        () -> images.create(image("i", DIGEST, "type", 1, Map.of("long", "x".repeat(4096)))));
    script.call(
        "image: create",
        () -> images.create(image("i", DIGEST, "type", 1, Map.of("a", "1", "empty", ""))));
    script.call(
        "image: create twice", () -> images.create(image("i", DIGEST, "type", 1, Map.of())));
    script.call("image: get", () -> shown(images.get(get("i")).getImage().getLabelsMap()));
    script.call("image: list all", () -> names());
    for (String filter :
        List.of(
            "name==i",
            "name!=i",
            "name~=^i$",
            "labels.a==1",
            "labels.a",
            "labels.nothing",
            "labels.nothing!=x",
            "labels.\"a\"==1",
            "target.digest==" + DIGEST,
            "target.mediatype~=/ty/",
            "nofield==1",
            "name==i,labels.a==2",
            " name == i ",
            "name~=[",
            "name~=|i|")) {
      script.call("image: list " + filter, () -> names(filter));
    }
    for (String filter :
        List.of("=", "name==", "name==i,", "name=i", "1==1", "name==\"i", "labels..a", ",")) {
      script.call("image: list by bad filter " + filter, () -> names(filter));
    }
    script.call("image: list either", () -> names("name==x", "name==i"));
    script.call("image: delete missing", () -> images.delete(delete("missing")));
    script.call("image: delete unnamed", () -> images.delete(delete("")));
  }

  private static GetImageRequest get(String name) {
    return GetImageRequest.newBuilder().setName(name).build();
  }

  private static DeleteImageRequest delete(String name) {
    return DeleteImageRequest.newBuilder().setName(name).build();
  }

  private String names(String... filters) {
    return images
        .list(ListImagesRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getImagesList()
        .stream()
        .map(Image::getName)
        .collect(Collectors.joining(","));
  }

  private void imageUpdates() throws Exception {
    Image base = image("i", DIGEST, "type", 1, Map.of("a", "2", "c", "3")).getImage();
    script.call("image: update missing", () -> update(base.toBuilder().setName("missing").build()));
    script.call("image: update unnamed", () -> update(base.toBuilder().clearName().build()));
    script.call("image: update by bad mask", () -> update(base, "nothing"));
    script.call("image: update by label mask", () -> update(base, "labels.a"));
    script.call(
        "image: update label away",
        () -> update(base.toBuilder().putLabels("a", "").build(), "labels.a"));
    script.call("image: update absent label", () -> update(base, "labels.unknown"));
    script.call("image: update by dotted mask", () -> update(base, "labels.containerd.io/gc.root"));
    script.call(
        "image: update target without type",
        () ->
            update(
                base.toBuilder()
                    .setTarget(Descriptor.newBuilder().setDigest(DIGEST).setSize(1))
                    .build(),
                "target"));
    script.call("image: update labels", () -> update(base, "labels"));
    script.call("image: update all", () -> update(base.toBuilder().clearLabels().build()));
    script.call("image: delete", () -> images.delete(delete("i")));
  }

  private String update(Image image, String... mask) {
    UpdateImageRequest.Builder request = UpdateImageRequest.newBuilder().setImage(image);
    if (mask.length > 0) {
      request.setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)));
    }
    return shown(images.update(request.build()).getImage().getLabelsMap());
  }

  private static Container.Builder container(String id) {
    return Container.newBuilder()
        .setId(id)
        .setImage("image")
        .putLabels("a", "1")
        .setRuntime(Container.Runtime.newBuilder().setName("io.containerd.runc.v2"))
        .setSpec(
            Any.newBuilder()
                .setTypeUrl("types.example/odd")
                .setValue(ByteString.copyFrom(new byte[] {1, 0, -1})));
  }

  private void containers() throws Exception {
    script.call("container: get missing", () -> get("missing", ""));
    script.call("container: get unnamed", () -> get("", ""));
    script.call("container: create unnamed", () -> create(container("")));
    script.call("container: create badly named", () -> create(container("a b")));
    script.call("container: create long named", () -> create(container("x".repeat(77))));
    script.call("container: create without runtime", () -> create(container("c").clearRuntime()));
    script.call("container: create without spec", () -> create(container("c").clearSpec()));
    script.call(
        "container: create without snapshotter",
        () -> create(container("c").setSnapshotKey("key")));
    script.call("container: create", () -> create(container("c")));
    script.call("container: create twice", () -> create(container("c")));
    script.call(
        "container: spec is kept",
        () ->
            containers
                    .get(GetContainerRequest.newBuilder().setId("c").build())
                    .getContainer()
                    .getSpec()
                    .equals(container("c").getSpec())
                ? "same"
                : "other");
    script.call(
        "container: list by bad filter",
        () -> containers.list(ListContainersRequest.newBuilder().addFilters("id==").build()));
    for (String filter : List.of("", "id==c", "labels.a==1", "image==image", "runtime.name==x")) {
      script.call("container: stream " + filter, () -> streamed(filter));
    }
    script.call("container: stream by bad filter", () -> streamed("id=="));
    script.call(
        "container: stream without namespace",
        () -> {
          ContainersGrpc.newBlockingStub(script.bare())
              .listStream(ListContainersRequest.getDefaultInstance())
              .forEachRemaining(message -> {});
          return null;
        });
    script.call("container: delete missing", () -> remove("missing"));
    script.call("container: delete unnamed", () -> remove(""));
  }

  private String streamed(String filter) {
    List<String> ids = new ArrayList<>();
    containers
        .listStream(ListContainersRequest.newBuilder().addFilters(filter).build())
        .forEachRemaining(message -> ids.add(message.getContainer().getId()));
    return ids.toString();
  }

  private Object get(String id, String ignored) {
    return containers.get(GetContainerRequest.newBuilder().setId(id).build());
  }

  private Object create(Container.Builder container) {
    return containers.create(CreateContainerRequest.newBuilder().setContainer(container).build());
  }

  private Object remove(String id) {
    return containers.delete(DeleteContainerRequest.newBuilder().setId(id).build());
  }

  private void containerUpdates() throws Exception {
    script.call("container: update missing", () -> update(container("missing")));
    script.call("container: update unnamed", () -> update(container("")));
    script.call("container: update by bad mask", () -> update(container("c"), "runtime"));
    script.call(
        "container: update by label mask",
        () -> update(container("c").putLabels("b.c/d", "2"), "labels.b.c/d"));
    script.call(
        "container: update label away",
        () -> update(container("c").putLabels("a", ""), "labels.a"));
    script.call(
        "container: update runtime",
        () -> update(container("c").setRuntime(Container.Runtime.newBuilder().setName("other"))));
    script.call(
        "container: update snapshotter", () -> update(container("c").setSnapshotter("other")));
    script.call(
        "container: update key without snapshotter",
        () -> update(container("c").setSnapshotKey("key"), "snapshotkey"));
    script.call("container: update spec away", () -> update(container("c").clearSpec(), "spec"));
    script.call("container: update all", () -> update(container("c").putLabels("z", "26")));
    script.call(
        "container: update sparse by mask",
        () -> update(Container.newBuilder().setId("c").putLabels("y", "25"), "labels.y"));
    script.call("container: delete", () -> remove("c"));
  }

  private String update(Container.Builder container, String... mask) {
    UpdateContainerRequest.Builder request =
        UpdateContainerRequest.newBuilder().setContainer(container);
    if (mask.length > 0) {
      request.setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)));
    }
    return shown(containers.update(request.build()).getContainer().getLabelsMap());
  }

  private void leases() throws Exception {
    script.call(
        "lease: create oddly named", () -> leases.create(lease("a b/sha256:" + "0".repeat(80))));
    script.call("lease: create unnamed", () -> leases.create(lease("")).hasLease() + "");
    script.call("lease: create", () -> leases.create(lease("l")));
    script.call("lease: create twice", () -> leases.create(lease("l")));
    script.call(
        "lease: list",
        () ->
            leases.list(ListRequest.newBuilder().addFilters("id==l").build()).getLeasesCount()
                + "");
    script.call(
        "lease: list by bad filter",
        () -> leases.list(ListRequest.newBuilder().addFilters("id==").build()));
    script.call("lease: delete missing", () -> leases.delete(unlease("missing")));
    script.call("lease: add to missing", () -> add("missing", "content", DIGEST));
    script.call("lease: add content", () -> add("l", "content", DIGEST));
    script.call("lease: add bad content", () -> add("l", "content", "abc"));
    script.call("lease: add ingest", () -> add("l", "ingests", "ref"));
    script.call("lease: add snapshot", () -> add("l", "snapshots/native", "key"));
    script.call("lease: add snapshot of none", () -> add("l", "snapshots", "key"));
    script.call("lease: add nested type", () -> add("l", "content/x", DIGEST));
    script.call("lease: add unknown type", () -> add("l", "stars", "key"));
    script.call("lease: add untyped", () -> add("l", "", "key"));
    script.call("lease: add nothing", () -> add("l", "content", ""));
    script.call("lease: list of missing", () -> resources("missing"));
    script.call("lease: list resources", () -> resources("l"));
    script.call("lease: remove from missing", () -> drop("missing", "content", DIGEST));
    script.call("lease: remove", () -> drop("l", "content", DIGEST));
    script.call("lease: remove again", () -> drop("l", "content", DIGEST));
    script.call("lease: remove unknown type", () -> drop("l", "stars", "key"));
    script.call("lease: list the rest", () -> resources("l"));
    script.call("lease: delete", () -> leases.delete(unlease("l")));
    script.call("lease: delete twice", () -> leases.delete(unlease("l")));
    script.call("lease: container to stay", () -> create(container("stays")));
  }

  private static CreateRequest lease(String id) {
    return CreateRequest.newBuilder().setId(id).build();
  }

  private static DeleteRequest unlease(String id) {
    return DeleteRequest.newBuilder().setId(id).build();
  }

  private Object add(String lease, String type, String id) {
    return leases.addResource(
        AddResourceRequest.newBuilder()
            .setId(lease)
            .setResource(Resource.newBuilder().setType(type).setId(id))
            .build());
  }

  private Object drop(String lease, String type, String id) {
    return leases.deleteResource(
        DeleteResourceRequest.newBuilder()
            .setId(lease)
            .setResource(Resource.newBuilder().setType(type).setId(id))
            .build());
  }

  private String resources(String lease) {
    return leases
        .listResources(ListResourcesRequest.newBuilder().setId(lease).build())
        .getResourcesList()
        .stream()
        .map(resource -> resource.getType() + " " + resource.getId())
        .sorted()
        .collect(Collectors.joining(","));
  }

  private static String shown(Map<String, String> labels) {
    return new TreeMap<>(labels).toString();
  }
}
