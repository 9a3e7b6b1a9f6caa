package dev.carafe.plugin.nri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.nri.v1alpha1.CDIDevice;
import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.api.nri.v1alpha1.Hook;
import dev.carafe.api.nri.v1alpha1.IOPrioClass;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.OptionalInt;
import dev.carafe.api.nri.v1alpha1.OptionalInt64;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CreationTest {
  private final Creation creation = new Creation(Facts.container("c1"));

  private void adjust(String plugin, Consumer<ContainerAdjustment.Builder> wish) {
    ContainerAdjustment.Builder wanted = ContainerAdjustment.newBuilder();
    wish.accept(wanted);
    creation.apply(CreateContainerResponse.newBuilder().setAdjust(wanted).build(), plugin);
  }

  private static KeyValue variable(String key, String value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static void memory(ContainerAdjustment.Builder wanted, long limit) {
    wanted
        .getLinuxBuilder()
        .getResourcesBuilder()
        .getMemoryBuilder()
        .setLimit(OptionalInt64.newBuilder().setValue(limit));
  }

  @Test
  void eachPluginSeesWhatThoseBeforeItHaveSet() {
    // When
    adjust("00-a", w -> w.addEnv(variable("B", "2")));

    // Then
    assertEquals(List.of("PATH=/bin", "A=1", "B=2"), creation.container().getEnvList());
  }

  @Test
  void whateverAPluginSetsTheNextIsTold() {
    // When
    adjust(
        "00-a",
        w -> {
          w.getLinuxBuilder().setOomScoreAdj(OptionalInt.newBuilder().setValue(5));
          w.getLinuxBuilder()
              .getIoPriorityBuilder()
              .setClass_(IOPrioClass.IOPRIO_CLASS_BE)
              .setPriority(3);
          w.getLinuxBuilder().getSchedulerBuilder().setNice(2).setRuntime(7);
          w.addRlimits(POSIXRlimit.newBuilder().setType("RLIMIT_CORE").setHard(-1));
          memory(w, 9);
        });
    adjust("10-b", w -> w.addEnv(variable("B", "2")));

    // Then
    var linux = creation.container().getLinux();
    assertEquals(5, linux.getOomScoreAdj().getValue());
    assertEquals(3, linux.getIoPriority().getPriority());
    assertEquals(2, linux.getScheduler().getNice());
    assertEquals(9, linux.getResources().getMemory().getLimit().getValue());
    assertEquals(-1, creation.container().getRlimits(1).getHard());
  }

  @Test
  void twoPluginsThatSetTheSameAreAConflictThatNamesBoth() {
    // Given
    adjust("00-a", w -> memory(w, 1));

    // When
    var failure =
        assertThrows(FailedPreconditionException.class, () -> adjust("10-b", w -> memory(w, 2)));

    // Then
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("00-a") && message.contains("10-b"), message);
    assertTrue(message.contains("MemLimit"), message);
  }

  @Test
  void twoPluginsMaySetDifferentThings() {
    // When
    adjust("00-a", w -> memory(w.addEnv(variable("X", "1")), 1));
    adjust("10-b", w -> w.addEnv(variable("Y", "1")).putAnnotations("X", "1"));

    // Then
    assertEquals("10-b", creation.ownership().owner("c1", Field.Env, "Y"));
    assertEquals("00-a", creation.ownership().owner("c1", Field.MemLimit, ""));
    var owners = creation.ownership().message().getOwnersOrThrow("c1");
    assertEquals("00-a", owners.getSimpleOrThrow(Field.MemLimit_VALUE));
    assertEquals(
        Map.of("X", "00-a", "Y", "10-b"),
        owners.getCompoundOrThrow(Field.Env_VALUE).getOwnersMap());
  }

  @Test
  void whoRemovesWhatAnotherHasSetMaySetIt() {
    // Given
    adjust("00-a", w -> w.addMounts(Mount.newBuilder().setDestination("/m").setSource("/1")));

    // When
    adjust(
        "10-b",
        w ->
            w.addMounts(Mount.newBuilder().setDestination("-/m"))
                .addMounts(Mount.newBuilder().setDestination("/m").setSource("/2")));

    // Then
    assertEquals("10-b", creation.ownership().owner("c1", Field.Mounts, "/m"));
    assertEquals(
        List.of("-/m", "/m"),
        creation.wanted().getMountsList().stream().map(Mount::getDestination).toList());
    assertEquals("/2", creation.wanted().getMounts(1).getSource());
  }

  @Test
  void argumentsThatBeginWithAnEmptyOneReplaceThoseOfAnotherPlugin() {
    // Given
    adjust("00-a", w -> w.addArgs("top"));

    // When
    assertThrows(FailedPreconditionException.class, () -> adjust("10-b", w -> w.addArgs("ps")));
    adjust("10-b", w -> w.addArgs("").addArgs("ps"));

    // Then
    assertEquals(List.of("ps"), creation.container().getArgsList());
    assertEquals(List.of("ps"), creation.wanted().getArgsList());
  }

  @Test
  void hooksOfSeveralPluginsAreNoConflict() {
    // When
    adjust("00-a", w -> w.getHooksBuilder().addPoststop(Hook.newBuilder().setPath("/a")));
    adjust("10-b", w -> w.getHooksBuilder().addPoststop(Hook.newBuilder().setPath("/b")));

    // Then
    assertEquals(2, creation.container().getHooks().getPoststopCount());
    assertEquals("00-a,10-b", creation.ownership().owner("c1", Field.OciHooks, ""));
  }

  @Test
  void devicesByNameAreHandedOver() {
    // When
    adjust("00-a", w -> w.addCDIDevices(CDIDevice.newBuilder().setName("v.org/gpu=0")));

    // Then
    assertEquals(List.of("v.org/gpu=0"), creation.result().cdiDevices());
    assertThrows(
        FailedPreconditionException.class,
        () -> adjust("10-b", w -> w.addCDIDevices(CDIDevice.newBuilder().setName("v.org/gpu=0"))));
  }

  @Test
  void aTextWithNulIsRefused() {
    assertThrows(
        InvalidArgumentException.class, () -> adjust("00-a", w -> w.addEnv(variable("B", "x\0y"))));
  }

  @Test
  void aContainerIsNotUpdatedWhileItIsCreated() {
    // Given
    var answer =
        CreateContainerResponse.newBuilder()
            .addUpdate(ContainerUpdate.newBuilder().setContainerId("c1"))
            .build();

    // Then
    assertThrows(InvalidArgumentException.class, () -> creation.apply(answer, "00-a"));
  }

  @Test
  void theResultIsTheSpecificationWithAllChanges() {
    // When
    adjust("00-a", w -> w.putAnnotations("new", "n"));
    adjust("10-b", w -> w.putAnnotations("-gone", ""));

    // Then
    var spec = Json.object("spec", creation.result().spec());
    assertEquals(Map.of("kept", "k", "new", "n"), spec.textMap("annotations"));
  }
}
