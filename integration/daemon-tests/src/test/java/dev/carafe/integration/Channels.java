package dev.carafe.integration;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A client of a streaming URL: channels over a WebSocket, each message with its number first. */
final class Channels implements WebSocket.Listener, AutoCloseable {
  private final Map<Integer, ByteArrayOutputStream> received = new ConcurrentHashMap<>();
  private final CompletableFuture<Boolean> end = new CompletableFuture<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final WebSocket socket;
  private int channel = -1;

  Channels(URI url, String protocol) {
    socket = http.newWebSocketBuilder().subprotocols(protocol).buildAsync(url, this).join();
  }

  void send(int to, byte... bytes) {
    ByteBuffer message = ByteBuffer.allocate(bytes.length + 1).put((byte) to).put(bytes).flip();
    socket.sendBinary(message, true).join();
  }

  /** What has come on a channel so far. */
  String text(int from) {
    ByteArrayOutputStream bytes = received.get(from);
    return bytes == null ? "" : bytes.toString(StandardCharsets.UTF_8);
  }

  void awaitEnd() throws Exception {
    end.get(30, TimeUnit.SECONDS);
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    if (channel < 0 && data.hasRemaining()) {
      channel = data.get() & 0xff;
    }
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    received.computeIfAbsent(channel, _ -> new ByteArrayOutputStream()).writeBytes(bytes);
    if (last) {
      channel = -1;
    }
    from.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
    end.complete(true);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void close() {
    socket.abort();
    http.close();
  }
}
