package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.WindowUpdate;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class DataStreamsTest {
  private static final Namespace NAMESPACE = new Namespace("default");

  private final StreamRegistry registry = new StreamRegistry();
  private final Peer peer = new Peer();
  private final OpenStream stream = registry.register(NAMESPACE, "s", peer);

  /** The client's side of a call. */
  private static final class Peer extends ServerCallStreamObserver<Any> {
    final List<Any> sent = Collections.synchronizedList(new ArrayList<>());
    volatile boolean completed;

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void onNext(Any message) {
      sent.add(message);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      completed = true;
    }
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private void arrives(byte[] bytes) {
    stream.arrived(Anys.pack(Data.newBuilder().setData(ByteString.copyFrom(bytes)).build()));
  }

  private void opens(int bytes) {
    stream.arrived(Anys.pack(WindowUpdate.newBuilder().setUpdate(bytes).build()));
  }

  private long windows() {
    return peer.sent.stream()
        .filter(any -> Anys.name(any).endsWith("WindowUpdate"))
        .mapToLong(any -> Anys.unpack(any, WindowUpdate.parser()).getUpdate())
        .sum();
  }

  @Test
  void whatTheClientSendsIsReadUntilItSaysThatThisWasAll() throws IOException {
    byte[] bytes = noise(100_000);
    var in = new ReceivedData(registry.get(NAMESPACE, "s"));
    arrives(java.util.Arrays.copyOfRange(bytes, 0, 32_768));
    arrives(java.util.Arrays.copyOfRange(bytes, 32_768, 65_536));
    arrives(java.util.Arrays.copyOfRange(bytes, 65_536, 98_304));
    arrives(java.util.Arrays.copyOfRange(bytes, 98_304, 100_000));
    stream.endedByClient();
    assertArrayEquals(bytes, in.readAllBytes());
    assertEquals(-1, in.read());
    assertTrue(windows() >= 100_000 && windows() <= 100_000 + 2L * ReceivedData.WINDOW);
    in.close();
    assertTrue(peer.completed);
  }

  @Test
  void aClientThatBreaksOffIsNoEnd() throws IOException {
    var in = new ReceivedData(registry.get(NAMESPACE, "s"));
    arrives(new byte[] {1, 2});
    assertEquals(1, in.read());
    stream.brokenByClient();
    assertEquals(2, in.read());
    assertThrows(CancelledException.class, in::read);
  }

  @Test
  void moreThanTheWindowIsRefused() {
    var in = new ReceivedData(registry.get(NAMESPACE, "s"));
    arrives(new byte[ReceivedData.WINDOW + 1]);
    assertThrows(InvalidArgumentException.class, in::read);
  }

  @Test
  void framesStayWithinTheWindow() throws Exception {
    byte[] bytes = noise(200_000);
    var out = new SentData(registry.get(NAMESPACE, "s"));
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try (out) {
                out.write(bytes);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    opens(40_000);
    opens(65_536);
    opens(65_536);
    opens(65_536);
    assertTrue(writer.join(java.time.Duration.ofSeconds(30)));
    ByteArrayOutputStream arrived = new ByteArrayOutputStream();
    for (Any any : peer.sent) {
      ByteString data = Anys.unpack(any, Data.parser()).getData();
      assertTrue(data.size() <= SentData.FRAME, "" + data.size());
      data.writeTo(arrived);
    }
    assertArrayEquals(bytes, arrived.toByteArray());
    assertTrue(peer.completed);
  }

  @Test
  void aWindowThatShrinksIsRefused() {
    var out = new SentData(registry.get(NAMESPACE, "s"));
    opens(-1);
    assertThrows(
        InvalidArgumentException.class,
        () -> {
          out.write(1);
          out.flush();
        });
  }

  @Test
  void aClientThatTakesNoMoreEndsTheData() {
    var out = new SentData(registry.get(NAMESPACE, "s"));
    stream.endedByClient();
    assertThrows(
        CancelledException.class,
        () -> {
          out.write(1);
          out.flush();
        });
  }

  @Test
  void aStreamThatNobodyWantedEndsWithTheClientsSide() {
    stream.endedByClient();
    assertTrue(peer.completed);
    assertThrows(NotFoundException.class, () -> registry.get(NAMESPACE, "s"));
  }
}
