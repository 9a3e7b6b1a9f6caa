package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.services.leases.v1.AddResourceRequest;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.DeleteResourceRequest;
import dev.carafe.api.services.leases.v1.Lease;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.LeasesGrpc.LeasesBlockingStub;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.services.leases.v1.ListResourcesRequest;
import dev.carafe.api.services.leases.v1.Resource;
import dev.carafe.spi.snapshots.SnapshotKey;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeasesServiceTest extends ServiceTest {
  private LeasesBlockingStub leases;

  @Override
  void connect() {
    leases = LeasesGrpc.newBlockingStub(wire.channel());
  }

  private Lease create(String id, Map<String, String> labels) {
    return leases
        .create(CreateRequest.newBuilder().setId(id).putAllLabels(labels).build())
        .getLease();
  }

  private void add(String id, String type, String resource) {
    leases.addResource(
        AddResourceRequest.newBuilder()
            .setId(id)
            .setResource(Resource.newBuilder().setType(type).setId(resource))
            .build());
  }

  private void drop(String id, String type, String resource) {
    leases.deleteResource(
        DeleteResourceRequest.newBuilder()
            .setId(id)
            .setResource(Resource.newBuilder().setType(type).setId(resource))
            .build());
  }

  private List<String> resources(String id) {
    return leases
        .listResources(ListResourcesRequest.newBuilder().setId(id).build())
        .getResourcesList()
        .stream()
        .map(resource -> resource.getType() + " " + resource.getId())
        .toList();
  }

  private void delete(String id, boolean sync) {
    leases.delete(DeleteRequest.newBuilder().setId(id).setSync(sync).build());
  }

  @Test
  void leaseIsNamedOnceOrByTheDaemon() {
    assertEquals(Map.of("a", "1"), create("l", Map.of("a", "1", "empty", "")).getLabelsMap());
    refused(Code.ALREADY_EXISTS, "lease \"l\": already exists", () -> create("l", Map.of()));
    assertEquals(true, create("", Map.of()).getId().matches("[0-9]+-[A-Za-z0-9_-]{4}"));
    String odd = "moby-image-sha256:" + "0".repeat(64);
    assertEquals(odd, create(odd, Map.of()).getId());
    delete("l", false);
    refused(Code.NOT_FOUND, "lease \"l\": not found", () -> delete("l", false));
  }

  @Test
  void resourcesComeAndGo() {
    create("l", Map.of());
    String digest = Records.digest("x").toString();
    add("l", "content", digest);
    add("l", "content", digest);
    add("l", "ingests", "a ref");
    add("l", "images", "docker.io/library/x:1");
    add("l", "snapshots/memory", "key");
    assertEquals(4, resources("l").size());
    drop("l", "ingests", "a ref");
    drop("l", "ingests", "a ref");
    assertEquals(
        List.of("content " + digest, "images docker.io/library/x:1", "snapshots/memory key"),
        resources("l"));
  }

  @Test
  void wrongResourcesAreRefused() {
    create("l", Map.of());
    refused(Code.NOT_FOUND, "lease \"x\": not found", () -> add("x", "images", "i"));
    refused(Code.NOT_FOUND, "lease \"x\": not found", () -> drop("x", "images", "i"));
    refused(Code.NOT_FOUND, "lease \"x\": not found", () -> resources("x"));
    refused(Code.UNIMPLEMENTED, () -> add("l", "stars", "i"));
    refused(Code.UNIMPLEMENTED, () -> add("l", "", "i"));
    for (String type : List.of("content/x", "images/x", "ingests/x", "snapshots", "snapshots/")) {
      refused(Code.INVALID_ARGUMENT, () -> add("l", type, Records.digest("x").toString()));
    }
    refused(Code.INVALID_ARGUMENT, () -> add("l", "content", "no digest"));
    refused(Code.INVALID_ARGUMENT, () -> add("l", "images", ""));
  }

  @Test
  void listIsFiltered() {
    create("one", Map.of("a", "1"));
    create("two", Map.of());
    ListRequest request = ListRequest.newBuilder().addFilters("labels.a==1,id==one").build();
    assertEquals("one", leases.list(request).getLeases(0).getId());
    assertEquals(2, leases.list(ListRequest.getDefaultInstance()).getLeasesCount());
    refused(
        Code.INVALID_ARGUMENT, () -> leases.list(ListRequest.newBuilder().addFilters("=").build()));
  }

  @Test
  void synchronousDeletionHasCollectedWhenItAnswers() {
    create("l", Map.of());
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("k"), null, Map.of());
    add("l", "snapshots/memory", "k");
    wire.collect();
    wire.stores().snapshotter("memory").stat(new SnapshotKey("k"));
    delete("l", true);
    int[] left = {0};
    wire.stores().snapshotter("memory").forEach(snapshot -> left[0]++);
    assertEquals(0, left[0]);
  }

  @Test
  void expiredLeaseHoldsNothingAndGoes() {
    create("l", Map.of("containerd.io/gc.expire", "2001-01-01T00:00:00Z"));
    create("odd", Map.of("containerd.io/gc.expire", "some day"));
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("k"), null, Map.of());
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("kept"), null, Map.of());
    add("l", "snapshots/memory", "k");
    add("odd", "snapshots/memory", "kept");
    wire.collect();
    assertEquals(1, leases.list(ListRequest.getDefaultInstance()).getLeasesCount());
    int[] left = {0};
    wire.stores().snapshotter("memory").forEach(snapshot -> left[0]++);
    assertEquals(1, left[0]);
  }
}
