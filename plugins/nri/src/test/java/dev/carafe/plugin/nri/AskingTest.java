package dev.carafe.plugin.nri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.nri.v1alpha1.ContainerEviction;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Event;
import dev.carafe.api.nri.v1alpha1.OptionalUInt64;
import dev.carafe.api.nri.v1alpha1.StateChangeEvent;
import dev.carafe.api.nri.v1alpha1.UpdateContainerResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.ttrpc.TtrpcException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AskingTest extends Plugged {
  @Test
  void pluginsAreAskedInTheOrderOfTheirIndicesAndSeeWhatOthersHaveSet() throws Exception {
    // Given
    Nri nri = patient();
    var seen = new CompletableFuture<List<String>>();
    FakePlugin second = plugin();
    second.on(
        "CreateContainer",
        (CreateContainerRequest request) -> {
          seen.complete(request.getContainer().getEnvList());
          return adding("B", "2");
        });
    taking(second, "20", "b");
    FakePlugin first = plugin();
    first.on("CreateContainer", (CreateContainerRequest _) -> adding("X", "1"));
    taking(first, "10", "a");

    // When
    AdjustedContainer container = nri.containerCreating(POD, Facts.container("c1"));

    // Then
    assertTrue(seen.get(1, TimeUnit.SECONDS).contains("X=1"));
    assertEquals(List.of("PATH=/bin", "A=1", "X=1", "B=2"), env(container));
  }

  @Test
  void pluginsThatWantTheSameOtherwiseFailTheCreation() throws Exception {
    // Given
    Nri nri = patient();
    for (String index : List.of("10", "20")) {
      FakePlugin plugin = plugin();
      plugin.on("CreateContainer", (CreateContainerRequest _) -> adding("X", index));
      taking(plugin, index, "p");
    }

    // When
    var failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> nri.containerCreating(POD, Facts.container("c1")));

    // Then
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("10-p") && message.contains("20-p"), message);
  }

  @Test
  void aPluginThatDoesNotAnswerIsDroppedAndTheContainerIsCreatedWithoutIt() throws Exception {
    // Given
    Nri nri = nri(config(PATIENT, IMPATIENT));
    await(() -> Files.exists(socket()));
    var never = new CountDownLatch(1);
    FakePlugin hanging = plugin();
    hanging.on(
        "CreateContainer",
        (CreateContainerRequest _) -> {
          never.await();
          return adding("LATE", "1");
        });
    taking(hanging, "10", "hanging");
    await(nri::active);

    // When
    AdjustedContainer container = nri.containerCreating(POD, Facts.container("c1"));

    // Then
    assertEquals(List.of("PATH=/bin", "A=1"), env(container));
    await(hanging::isCutOff);
    await(() -> !nri.active());
    never.countDown();
  }

  @Test
  void aPluginThatDiesIsDroppedAndTheNextIsAsked() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin dying = plugin();
    dying.on(
        "CreateContainer",
        (CreateContainerRequest _) -> {
          dying.close();
          return adding("DEAD", "1");
        });
    taking(dying, "10", "dying");
    FakePlugin next = plugin();
    next.on("CreateContainer", (CreateContainerRequest _) -> adding("NEXT", "1"));
    taking(next, "20", "next");

    // When
    AdjustedContainer container = nri.containerCreating(POD, Facts.container("c1"));

    // Then
    assertEquals(List.of("PATH=/bin", "A=1", "NEXT=1"), env(container));
  }

  @Test
  void anErrorOfAPluginFailsTheCallAndThePluginStays() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin plugin = plugin();
    plugin.on(
        "CreateContainer",
        (CreateContainerRequest _) -> {
          throw new IllegalStateException("no CPUs left");
        });
    taking(plugin, "10", "a");

    // When
    var failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> nri.containerCreating(POD, Facts.container("c1")));

    // Then
    assertTrue(String.valueOf(failure.getMessage()).contains("no CPUs left"));
    nri.podStopping(POD);
    assertEquals(1, plugin.count("StopPodSandbox"));
  }

  @Test
  void aPluginWithoutACallForAnEventIsToldByTheOldOne() throws Exception {
    // Given
    Nri nri = patient();
    var told = new CompletableFuture<StateChangeEvent>();
    FakePlugin plugin = plugin();
    plugin.on(
        "StateChange",
        (StateChangeEvent change) -> {
          told.complete(change);
          return dev.carafe.api.nri.v1alpha1.Empty.getDefaultInstance();
        });
    plugin.start("RunPodSandbox", "CreateContainer").register("10", "old").awaitSynchronized();

    // When
    nri.podStarting(POD);

    // Then
    StateChangeEvent change = told.get(30, TimeUnit.SECONDS);
    assertEquals(Event.RUN_POD_SANDBOX, change.getEvent());
    assertEquals("p1", change.getPod().getId());
    assertEquals(
        List.of("PATH=/bin", "A=1"), env(nri.containerCreating(POD, Facts.container("c1"))));
  }

  private static ContainerUpdate shares(String container, long shares, boolean ignoreFailure) {
    ContainerUpdate.Builder update =
        ContainerUpdate.newBuilder().setContainerId(container).setIgnoreFailure(ignoreFailure);
    update
        .getLinuxBuilder()
        .getResourcesBuilder()
        .getCpuBuilder()
        .setShares(OptionalUInt64.newBuilder().setValue(shares));
    return update.build();
  }

  @Test
  void aPluginMayChangeAndEndContainersOfItsOwnAccord() throws Exception {
    // Given
    patient();
    host.unknown.add("gone");
    FakePlugin plugin = taking(plugin(), "10", "a");

    // When
    var answer =
        plugin.update(
            UpdateContainersRequest.newBuilder()
                .addUpdate(shares("c1", 7, false))
                .addUpdate(shares("gone", 7, false))
                .addEvict(ContainerEviction.newBuilder().setContainerId("c2").setReason("why"))
                .build());

    // Then
    assertEquals(Map.of("c1", "{\"cpu\":{\"shares\":7}}"), host.updates);
    assertEquals(List.of(shares("gone", 7, false)), answer.getFailedList());
    assertEquals(List.of("c2: why"), host.evictions);
  }

  @Test
  void aPluginThatTakesNoPartYetMayChangeNothing() throws Exception {
    // Given
    patient();
    FakePlugin plugin = plugin().start();

    // Then
    assertThrows(
        TtrpcException.class,
        () ->
            plugin.update(
                UpdateContainersRequest.newBuilder().addUpdate(shares("c1", 7, false)).build()));
    assertEquals(Map.of(), host.updates);
  }

  @Test
  void othersAreChangedWhenAContainerIsCreatedAndAFailureCountsUnlessItMayBeIgnored()
      throws Exception {
    // Given
    Nri nri = patient();
    host.unknown.add("gone");
    FakePlugin plugin = plugin();
    plugin.on(
        "CreateContainer",
        (CreateContainerRequest request) ->
            CreateContainerResponse.newBuilder()
                .addUpdate(shares("other", 9, false))
                .addUpdate(shares("gone", 9, request.getContainer().getId().equals("c1")))
                .build());
    taking(plugin, "10", "a");

    // When
    AdjustedContainer created = nri.containerCreating(POD, Facts.container("c1"));

    // Then
    assertNotNull(created);
    assertEquals(Set.of("other"), host.updates.keySet());
    assertThrows(
        FailedPreconditionException.class, () -> nri.containerCreating(POD, Facts.container("c2")));
  }

  @Test
  void whatAKubeletChangesIsChangedAsPluginsWantIt() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin plugin = plugin();
    plugin.on(
        "UpdateContainer",
        (dev.carafe.api.nri.v1alpha1.UpdateContainerRequest request) -> {
          long shares = request.getLinuxResources().getCpu().getShares().getValue();
          return UpdateContainerResponse.newBuilder()
              .addUpdate(shares("c1", shares * 2, false))
              .addUpdate(shares("c2", 3, false))
              .build();
        });
    taking(plugin, "10", "a");

    // When
    byte[] changed =
        nri.containerUpdating(
            POD, Facts.container("c1"), "{\"cpu\":{\"shares\":5,\"quota\":6}}".getBytes(UTF_8));

    // Then
    assertArrayEquals("{\"cpu\":{\"shares\":10,\"quota\":6}}".getBytes(UTF_8), changed);
    assertEquals(Set.of("c2"), host.updates.keySet());
  }

  @Test
  void aValidatorSeesWhoWantsWhatAndItsRefusalFailsTheCreation() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin adjusting = plugin();
    adjusting.on("CreateContainer", (CreateContainerRequest _) -> adding("X", "1"));
    taking(adjusting, "10", "a");
    var seen = new CompletableFuture<ValidateContainerAdjustmentRequest>();
    FakePlugin validator = plugin();
    validator.on(
        "ValidateContainerAdjustment",
        (ValidateContainerAdjustmentRequest request) -> {
          seen.complete(request);
          return ValidateContainerAdjustmentResponse.newBuilder()
              .setReject(true)
              .setReason("because")
              .build();
        });
    taking(validator, "90", "v");

    // When
    var refusal =
        assertThrows(
            PermissionDeniedException.class,
            () -> nri.containerCreating(POD, Facts.container("c1")));

    // Then
    assertTrue(String.valueOf(refusal.getMessage()).contains("because"));
    ValidateContainerAdjustmentRequest request = seen.get(1, TimeUnit.SECONDS);
    assertEquals("X", request.getAdjust().getEnv(0).getKey());
    assertEquals(2, request.getPluginsCount());
    assertFalse(request.getContainer().getEnvList().contains("X=1"));
    assertTrue(request.getOwners().toString().contains("10-a"));
  }

  @Test
  void aValidatorThatDiesHasNotAgreed() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin validator = plugin();
    validator.on(
        "ValidateContainerAdjustment",
        (ValidateContainerAdjustmentRequest _) -> {
          validator.close();
          return ValidateContainerAdjustmentResponse.getDefaultInstance();
        });
    taking(validator, "90", "v");

    // Then
    assertThrows(
        FailedPreconditionException.class, () -> nri.containerCreating(POD, Facts.container("c1")));
  }
}
