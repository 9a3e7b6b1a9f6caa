package dev.carafe.plugin.nri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.ContainerEviction;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Event;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.OptionalUInt64;
import dev.carafe.api.nri.v1alpha1.StateChangeEvent;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainerResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import dev.carafe.spi.pods.PodHost;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NriTest {
  private static final Duration PATIENT = Duration.ofSeconds(30);
  private static final Duration IMPATIENT = Duration.ofMillis(500);
  private static final PodFacts POD = Facts.pod(Map.of());

  @TempDir Path directory;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Host host = new Host();

  /** Pods as the test has them. */
  private static final class Host implements PodHost {
    final List<ContainerFacts> containers = new CopyOnWriteArrayList<>();
    final Map<String, String> updates = new ConcurrentHashMap<>();
    final List<String> evictions = new CopyOnWriteArrayList<>();
    final Set<String> unknown = ConcurrentHashMap.newKeySet();

    @Override
    public Everything everything() {
      return new Everything(List.of(POD), List.copyOf(containers));
    }

    @Override
    public void update(String containerId, byte[] resources) {
      if (unknown.contains(containerId)) {
        throw new NotFoundException("container " + containerId + ": not found");
      }
      updates.put(containerId, new String(resources, UTF_8));
    }

    @Override
    public void evict(String containerId, String reason) {
      evictions.add(containerId + ": " + reason);
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private Path socket() {
    return directory.resolve("nri.sock");
  }

  private NriConfig config(Duration registration, Duration request) {
    return new NriConfig(
        false,
        socket().toString(),
        false,
        directory.resolve("plugins").toString(),
        directory.resolve("conf.d").toString(),
        registration,
        request,
        NriConfig.Validator.DEFAULT);
  }

  private Nri nri(NriConfig config) {
    Nri nri = new Nri(config, directory);
    open.add(nri);
    nri.attach(host);
    return nri;
  }

  private Nri patient() {
    Nri nri = nri(config(PATIENT, PATIENT));
    await(() -> Files.exists(socket()));
    return nri;
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come about");
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private FakePlugin plugin() throws IOException {
    FakePlugin plugin = FakePlugin.at(socket());
    open.add(plugin);
    return plugin;
  }

  private FakePlugin taking(FakePlugin plugin, String index, String name) throws Exception {
    plugin.start().register(index, name).awaitSynchronized();
    return plugin;
  }

  private static CreateContainerResponse adding(String variable, String value) {
    return CreateContainerResponse.newBuilder()
        .setAdjust(
            ContainerAdjustment.newBuilder()
                .addEnv(KeyValue.newBuilder().setKey(variable).setValue(value)))
        .build();
  }

  private static List<String> env(AdjustedContainer container) {
    return Json.object("spec", container.spec()).object("process").texts("env");
  }

  private static CompletableFuture<AdjustedContainer> creating(Nri nri, String id) {
    var result = new CompletableFuture<AdjustedContainer>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(nri.containerCreating(POD, Facts.container(id)));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  // ---- taking part

  @Test
  void aPluginIsConfiguredAndToldWhatThereIsBeforeItIsAskedAnything() throws Exception {
    // Given
    Nri nri = patient();
    host.containers.add(Facts.container("old"));
    assertFalse(nri.active());
    var seen = new CompletableFuture<SynchronizeRequest>();

    // When
    FakePlugin plugin = plugin();
    plugin.on(
        "Synchronize",
        (SynchronizeRequest request) -> {
          seen.complete(request);
          return SynchronizeResponse.getDefaultInstance();
        });
    plugin.start().register("10", "a");

    // Then
    assertEquals(30_000, plugin.configuration().getRegistrationTimeout());
    assertEquals("carafe", plugin.configuration().getRuntimeName());
    SynchronizeRequest request = seen.get(30, TimeUnit.SECONDS);
    assertEquals("p1", request.getPods(0).getId());
    assertEquals("old", request.getContainers(0).getId());
    assertTrue(nri.active());
    nri.podStarting(POD);
    assertEquals(List.of("Configure", "Synchronize", "RunPodSandbox"), plugin.calls());
  }

  @Test
  void aPluginIsRefusedUntilItHasAGoodIndex() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin plugin = plugin().start();

    // When
    var first = assertThrows(TtrpcException.class, () -> plugin.register("1", "a"));
    assertThrows(TtrpcException.class, () -> plugin.register("xx", "a"));

    // Then
    assertEquals(StatusCode.INVALID_ARGUMENT, first.code());
    assertFalse(nri.active());
    plugin.register("10", "a").awaitSynchronized();
    assertTrue(nri.active());
  }

  @Test
  void aPluginRegistersOnce() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin plugin = taking(plugin(), "10", "a");

    // When
    var again = assertThrows(TtrpcException.class, () -> plugin.register("20", "b"));

    // Then
    assertEquals(StatusCode.FAILED_PRECONDITION, again.code());
    assertTrue(nri.active());
  }

  @Test
  void aConnectionThatNobodyRegistersOnIsClosed() throws Exception {
    // Given
    nri(config(IMPATIENT, PATIENT));
    await(() -> Files.exists(socket()));

    // When
    FakePlugin plugin = plugin().start();

    // Then
    await(plugin::isCutOff);
  }

  /** The kernel says so by an end or, where bytes were left unread, by an error. */
  private static boolean hasEnded(SocketChannel channel) {
    try {
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void framesThatAreNoneEndTheirConnectionAndNoOther() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin good = taking(plugin(), "10", "good");

    for (ByteBuffer bytes :
        List.of(
            ByteBuffer.allocate(8).putInt(1).putInt(Integer.MAX_VALUE).flip(),
            ByteBuffer.allocate(8).putInt(1).putInt(-1).flip(),
            ByteBuffer.allocate(18).putInt(2).putInt(10).putInt(5 << 20).putInt(1).flip(),
            ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8)))) {
      // When
      try (SocketChannel hostile = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        bytes.limit(bytes.capacity());
        hostile.write(bytes);

        // Then
        assertTrue(hasEnded(hostile));
      }
    }
    nri.podStarting(POD);
    assertEquals(1, good.count("RunPodSandbox"));
  }

  @Test
  void framesOfOtherConnectionsArePassedOver() throws Exception {
    // Given
    Nri nri = patient();
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
      // When
      channel.write(ByteBuffer.allocate(11).putInt(7).putInt(3).put(new byte[3]).flip());
      channel.write(ByteBuffer.allocate(8).putInt(1).putInt(0).flip());

      // Then
      FakePlugin other = taking(plugin(), "10", "a");
      nri.podStarting(POD);
      assertEquals(1, other.count("RunPodSandbox"));
      channel.configureBlocking(false);
      assertEquals(0, channel.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  void aPluginThatSubscribesToWhatThereIsNotIsDropped() throws Exception {
    // Given
    patient();
    FakePlugin plugin = plugin().events(1 << 20);

    // When
    plugin.start().register("10", "a");

    // Then
    await(plugin::isCutOff);
  }

  @Test
  void aPluginIsToldOnlyWhatItSubscribedTo() throws Exception {
    // Given
    Nri nri = patient();
    FakePlugin plugin = taking(plugin().events(1 << (Event.STOP_POD_SANDBOX_VALUE - 1)), "10", "a");

    // When
    nri.podStarting(POD);
    nri.podStopping(POD);

    // Then
    assertEquals(List.of("Configure", "Synchronize", "StopPodSandbox"), plugin.calls());
  }

  @Test
  void whatIsTooMuchForOneMessageComesInSeveral() throws Exception {
    // Given
    patient();
    String large = Facts.SPEC.replace("\"k\"", "\"" + "k".repeat(1 << 20) + "\"");
    for (int i = 0; i < 8; i++) {
      host.containers.add(Facts.container("c" + i, large, ""));
    }
    List<String> ids = new CopyOnWriteArrayList<>();
    var last = new CountDownLatch(1);

    // When
    FakePlugin plugin = plugin();
    plugin.on(
        "Synchronize",
        (SynchronizeRequest request) -> {
          request.getContainersList().forEach(container -> ids.add(container.getId()));
          if (!request.getMore()) {
            last.countDown();
          }
          return SynchronizeResponse.newBuilder().setMore(request.getMore()).build();
        });
    plugin.start().register("10", "a");

    // Then
    assertTrue(last.await(60, TimeUnit.SECONDS));
    assertEquals(List.of("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"), ids);
    assertTrue(plugin.count("Synchronize") > 1);
  }

  @Test
  void aContainerThatIsCreatedWhileAPluginLooksAtWhatThereIsWaitsForIt() throws Exception {
    // Given
    Nri nri = patient();
    var looking = new CountDownLatch(1);
    var looked = new CountDownLatch(1);
    FakePlugin plugin = plugin();
    plugin.on(
        "Synchronize",
        (SynchronizeRequest request) -> {
          assertEquals(0, request.getContainersCount());
          looking.countDown();
          looked.await();
          return SynchronizeResponse.getDefaultInstance();
        });
    plugin.on("CreateContainer", (CreateContainerRequest _) -> adding("SEEN", "1"));
    plugin.start().register("10", "a");
    assertTrue(looking.await(60, TimeUnit.SECONDS));

    // When
    CompletableFuture<AdjustedContainer> created = creating(nri, "c1");
    looked.countDown();

    // Then
    assertTrue(env(created.get(60, TimeUnit.SECONDS)).contains("SEEN=1"));
  }

  // ---- containers

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

  // ---- updates and evictions

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

  // ---- validation

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

  // ---- pre-installed plugins and the socket

  private Path install(String name, String script) throws IOException {
    Path plugins = Files.createDirectories(directory.resolve("plugins"));
    Path program = plugins.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void anInstalledPluginIsStartedWithItsNameAndASocketAndEndsWithTheDaemon() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install(
        "07-mine",
        """
        { env | grep ^NRI_ | sort; readlink /proc/self/fd/3 | sed 's/:.*//'; echo $$; } > %1$s.new
        mv %1$s.new %1$s
        exec sleep 1000
        """
            .formatted(said));

    // When
    Nri nri = nri(config(PATIENT, PATIENT));

    // Then
    await(() -> Files.exists(said));
    List<String> lines = Files.readAllLines(said);
    assertEquals(
        List.of("NRI_PLUGIN_IDX=07", "NRI_PLUGIN_NAME=mine", "NRI_PLUGIN_SOCKET=3", "socket"),
        lines.subList(0, 4));
    nri.close();
    await(() -> !Files.exists(Path.of("/proc", lines.get(4))));
  }

  @Test
  void anInstalledPluginThatHangsIsKilledAndNothingWaitsForItAnyLonger() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install("07-mine", "trap '' TERM\necho $$ > " + said + "\nwhile :; do sleep 1; done");
    Nri nri = nri(config(IMPATIENT, PATIENT));
    assertTrue(nri.active());

    // When
    nri.podStarting(POD);

    // Then
    assertFalse(nri.active());
    if (Files.exists(said)) {
      Path process = Path.of("/proc", Files.readString(said).strip());
      await(() -> !Files.exists(process));
    }
  }

  @Test
  void whatIsInstalledUnderABadNameOrMayBeChangedByOthersIsNotStarted() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install("mine", "touch " + said);
    Files.setPosixFilePermissions(
        install("08-open", "touch " + said), PosixFilePermissions.fromString("rwxrwxrwx"));

    // When
    List<Launcher.Installed> found =
        new Launcher(directory.resolve("plugins"), directory.resolve("conf.d"), directory).find();

    // Then
    assertEquals(List.of(), found);
  }

  @Test
  void anInstalledPluginGetsItsOwnConfigurationElseThatOfItsName() throws Exception {
    // Given
    install("07-mine", ":");
    Path configurations = Files.createDirectories(directory.resolve("conf.d"));
    Launcher launcher = new Launcher(directory.resolve("plugins"), configurations, directory);

    // Then
    Files.writeString(configurations.resolve("mine.conf"), "by name");
    assertEquals("by name", launcher.find().getFirst().configuration());
    Files.writeString(configurations.resolve("07-mine.conf"), "its own");
    assertEquals("its own", launcher.find().getFirst().configuration());
  }

  @Test
  void theSocketIsForItsOwnerOnlyAndReplacesThatOfAnEarlierDaemon() throws Exception {
    // Given
    try (ServerSocketChannel earlier = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      earlier.bind(UnixDomainSocketAddress.of(socket()));
    }

    // When
    nri(config(PATIENT, PATIENT));

    // Then
    await(() -> {
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        return channel.isConnected();
      } catch (IOException e) {
        return false;
      }
    });
    await(() -> {
      try {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(socket()))
            .equals("rw-------");
      } catch (IOException e) {
        return false;
      }
    });
  }

  @Test
  void aSocketOnWhichAnotherListensIsLeftToHim() throws Exception {
    // Given
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket()));

      // When
      var listener = new Listener(socket(), _ -> {});
      listener.start();
      listener.close();

      // Then
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        assertTrue(channel.isConnected());
      }
    }
  }

  @Test
  void aFileInTheSocketsPlaceIsNotRemoved() throws Exception {
    // Given
    Files.writeString(socket(), "precious");

    // When
    var listener = new Listener(socket(), _ -> {});
    listener.start();
    listener.close();

    // Then
    assertEquals("precious", Files.readString(socket()));
  }

  @Test
  void aConfigurationThatCannotBeIsRefused() {
    assertThrows(DaemonException.class, () -> config(Duration.ofMillis(1), PATIENT));
    assertThrows(DaemonException.class, () -> config(PATIENT, Duration.ofHours(1)));
  }
}
