package dev.carafe.cri.streaming;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;

/** The JDK's WebSocket, with Kubernetes' channels. */
final class WebSocketClient implements WebSocket.Listener, AutoCloseable {
  private final Map<Integer, ByteArrayOutputStream> channels = new ConcurrentHashMap<>();
  private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
  private final StringBuilder partialText = new StringBuilder();
  final CompletableFuture<Integer> closed = new CompletableFuture<>();
  final AtomicLong received = new AtomicLong();
  private final HttpClient http;
  final WebSocket socket;

  /** Whether the next message is asked for when one came. */
  volatile boolean reading = true;

  /** False where a test would keep too much. */
  volatile boolean keep = true;

  private WebSocketClient(HttpClient http, URI uri, String... protocols) throws Exception {
    this.http = http;
    WebSocket.Builder builder = http.newWebSocketBuilder();
    if (protocols.length > 0) {
      String[] others = new String[protocols.length - 1];
      System.arraycopy(protocols, 1, others, 0, others.length);
      builder.subprotocols(protocols[0], others);
    }
    URI ws = URI.create(uri.toString().replaceFirst("^http", "ws"));
    this.socket = SpdyClient.get(builder.buildAsync(ws, this));
  }

  static WebSocketClient connect(URI uri, String... protocols) throws Exception {
    return new WebSocketClient(HttpClient.newHttpClient(), uri, protocols);
  }

  static WebSocketClient connect(URI uri, SSLContext tls, String... protocols) throws Exception {
    return new WebSocketClient(HttpClient.newBuilder().sslContext(tls).build(), uri, protocols);
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    partial.writeBytes(bytes);
    if (last) {
      byte[] message = partial.toByteArray();
      partial.reset();
      took(message[0] & 0xff, message, 1);
    }
    if (reading) {
      from.request(1);
    }
    return null;
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    partialText.append(data);
    if (last) {
      String text = partialText.toString();
      partialText.setLength(0);
      took(text.charAt(0) - '0', Base64.getDecoder().decode(text.substring(1)), 0);
    }
    from.request(1);
    return null;
  }

  private void took(int channel, byte[] bytes, int offset) {
    ByteArrayOutputStream all = channels.computeIfAbsent(channel, _ -> new ByteArrayOutputStream());
    synchronized (this) {
      received.addAndGet(bytes.length - offset);
      if (keep) {
        all.write(bytes, offset, bytes.length - offset);
      }
      notifyAll();
    }
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
    closed.complete(status);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.complete(-1);
  }

  void send(int channel, String text) throws Exception {
    send(channel, text.getBytes(StandardCharsets.UTF_8));
  }

  void send(int channel, byte[] data) throws Exception {
    ByteBuffer message = ByteBuffer.allocate(1 + data.length);
    message.put((byte) channel).put(data).flip();
    SpdyClient.get(socket.sendBinary(message, true));
  }

  void sendBase64(int channel, String text) throws Exception {
    String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    SpdyClient.get(socket.sendText(channel + encoded, true));
  }

  /** What came on a channel until the server closed normally. */
  String text(int channel) throws Exception {
    int status = SpdyClient.get(closed);
    if (status != 1000) {
      throw new AssertionError("closed with " + status);
    }
    return soFar(channel);
  }

  String soFar(int channel) {
    ByteArrayOutputStream bytes = channels.get(channel);
    return bytes == null ? "" : bytes.toString(StandardCharsets.UTF_8);
  }

  byte[] bytes(int channel) {
    return channels.getOrDefault(channel, new ByteArrayOutputStream()).toByteArray();
  }

  boolean hasChannel(int channel) {
    return channels.containsKey(channel);
  }

  void await(int channel, String text) throws Exception {
    long deadline = System.nanoTime() + Served.PATIENCE.toNanos();
    while (!soFar(channel).contains(text)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("channel " + channel + " has " + soFar(channel));
      }
      new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
  }
}
