package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.mounts.v1.ActivateRequest;
import dev.carafe.api.services.mounts.v1.DeactivateRequest;
import dev.carafe.api.services.mounts.v1.InfoRequest;
import dev.carafe.api.services.mounts.v1.ListRequest;
import dev.carafe.api.services.mounts.v1.MountsGrpc;
import dev.carafe.api.services.mounts.v1.MountsGrpc.MountsBlockingStub;
import dev.carafe.api.services.mounts.v1.UpdateRequest;
import dev.carafe.api.types.ActivationInfo;
import dev.carafe.api.types.Mount;
import dev.carafe.engine.mounts.MountManager;
import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Stores;
import io.grpc.Status.Code;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MountsServiceTest extends ServiceTest {
  private static final Mount MOUNT =
      Mount.newBuilder()
          .setType("odd")
          .setSource("source")
          .setTarget("/target")
          .addOptions("ro")
          .build();

  private MountsBlockingStub mounts;

  @Override
  void connect() {
    wire.serve(new MountsService(wire.metadata, new Paper()));
    mounts = MountsGrpc.newBlockingStub(wire.channel());
  }

  /** Mounts on paper: the first is made, the others are the client's. */
  private static final class Paper implements MountManager {
    @Override
    public Activation activate(
        Stores stores,
        String name,
        List<dev.carafe.spi.mounts.Mount> mounts,
        Map<String, String> labels,
        boolean temporary) {
      Activation.Active made =
          new Activation.Active(
              mounts.getFirst(), Instant.EPOCH, "/paper/" + (temporary ? "temporary" : name));
      return stores
          .activations()
          .create(
              new Activation(
                  name, "d", "", List.of(made), mounts.subList(1, mounts.size()), labels));
    }

    @Override
    public void deactivate(Stores stores, String name) {
      stores.activations().delete(name);
    }
  }

  private static ActivateRequest.Builder activation(String name) {
    return ActivateRequest.newBuilder()
        .setName(name)
        .addMounts(MOUNT)
        .addMounts(MOUNT.toBuilder().setType("rest"))
        .putLabels("a", "1")
        .putLabels("empty", "");
  }

  private ActivationInfo activate(ActivateRequest.Builder request) {
    return mounts.activate(request.build()).getInfo();
  }

  private ActivationInfo info(String name) {
    return mounts.info(InfoRequest.newBuilder().setName(name).build()).getInfo();
  }

  private void deactivate(String name) {
    mounts.deactivate(DeactivateRequest.newBuilder().setName(name).build());
  }

  @Test
  void activationIsMadeFoundAndEnded() {
    ActivationInfo made = activate(activation("m/1"));
    assertEquals(MOUNT, made.getActive(0).getMount());
    assertEquals("/paper/m/1", made.getActive(0).getMountPoint());
    assertEquals("rest", made.getSystem(0).getType());
    assertEquals(Map.of("a", "1"), made.getLabelsMap());
    assertEquals(made, info("m/1"));
    refused(
        Code.ALREADY_EXISTS,
        "mount activation \"m/1\": already exists",
        () -> activate(activation("m/1")));
    deactivate("m/1");
    String missing = "mount activation \"m/1\": not found";
    refused(Code.NOT_FOUND, missing, () -> info("m/1"));
    refused(Code.NOT_FOUND, missing, () -> deactivate("m/1"));
    refused(Code.NOT_FOUND, missing, () -> update("m/1", Map.of()));
    assertEquals(
        "/paper/temporary",
        activate(activation("t").setTemporary(true)).getActive(0).getMountPoint());
    refused(Code.INVALID_ARGUMENT, () -> activate(activation("")));
    refused(Code.INVALID_ARGUMENT, () -> activate(activation("x".repeat(2000))));
  }

  @Test
  void labelsFollowTheMask() {
    activate(activation("m"));
    assertEquals(Map.of("a", "1", "b.c/d", "2"), update("m", Map.of("b.c/d", "2"), "labels.b.c/d"));
    assertEquals(Map.of("b.c/d", "2"), update("m", Map.of(), "labels.a"));
    assertEquals(Map.of("z", "26"), update("m", Map.of("z", "26")));
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"active\" field on mount activation \"m\"",
        () -> update("m", Map.of(), "active"));
  }

  private Map<String, String> update(String name, Map<String, String> labels, String... mask) {
    return mounts
        .update(
            UpdateRequest.newBuilder()
                .setInfo(ActivationInfo.newBuilder().setName(name).putAllLabels(labels))
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getInfo()
        .getLabelsMap();
  }

  @Test
  void listIsFiltered() {
    activate(activation("one"));
    activate(activation("two").putLabels("a", "2"));
    assertEquals(List.of("one"), list("labels.a==1"));
    assertEquals(List.of("two"), list("name~=^t"));
    refused(Code.INVALID_ARGUMENT, () -> list("name="));
  }

  private List<String> list(String filter) {
    List<String> names = new ArrayList<>();
    mounts
        .list(ListRequest.newBuilder().addFilters(filter).build())
        .forEachRemaining(part -> names.add(part.getInfo().getName()));
    return names;
  }

  @Test
  void leaseAndLabelsHoldAnActivation() {
    wire.stores().leases().create("l", Map.of());
    MountsGrpc.newBlockingStub(wire.under("l")).activate(activation("leased").build());
    activate(activation("tied").putLabels("containerd.io/gc.bref.image", "no"));
    activate(
        activation("rooted")
            .putLabels("containerd.io/gc.bref.image", "no")
            .putLabels("containerd.io/gc.root", "yes"));
    activate(activation("expired").putLabels("containerd.io/gc.expire", "2001-01-01T00:00:00Z"));
    activate(activation("free"));
    wire.collect();
    assertEquals(List.of("free", "leased", "rooted"), list("name"));
    wire.stores().leases().delete("l");
    assertEquals(Map.of("mounts", 1), wire.collect().removed());
    assertEquals(List.of("free", "rooted"), list("name"));
  }
}
