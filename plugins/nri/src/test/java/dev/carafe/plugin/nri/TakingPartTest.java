package dev.carafe.plugin.nri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.Event;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeResponse;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TakingPartTest extends Plugged {
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
}
