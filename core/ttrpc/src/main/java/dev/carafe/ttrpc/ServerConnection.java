package dev.carafe.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.carafe.api.ttrpc.Request;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** One client of a server. */
final class ServerConnection implements AutoCloseable {
  private static final int MOST_CALLS = 256;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final ScheduledExecutorService DEADLINES = deadlines();

  private final Map<String, TtrpcServer.Handler> handlers;
  private final Function<Throwable, TtrpcException> failures;
  private final FrameConnection connection;
  private final Map<Integer, ServerExchange> calls = new ConcurrentHashMap<>();
  private int lastStream;

  ServerConnection(
      Map<String, TtrpcServer.Handler> handlers,
      Function<Throwable, TtrpcException> failures,
      FrameConnection connection) {
    this.handlers = handlers;
    this.failures = failures;
    this.connection = connection;
  }

  private static ScheduledExecutorService deadlines() {
    var timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("ttrpc deadlines").factory());
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  void start() {
    connection.closed().thenAccept(_ -> calls.values().forEach(ServerExchange::abandon));
    connection.start(this::received);
  }

  CompletableFuture<TtrpcException> closed() {
    return connection.closed();
  }

  private void received(Frame frame) {
    switch (frame.type()) {
      case REQUEST -> request(frame);
      case DATA -> {
        ServerExchange call = calls.get(frame.stream());
        if (call != null) {
          call.received(frame);
        }
      }
      case RESPONSE -> throw new TtrpcException(StatusCode.INTERNAL, "response from a client");
    }
  }

  private void request(Frame frame) {
    int stream = frame.stream();
    if (stream <= lastStream || stream % 2 == 0) {
      refuse(stream, StatusCode.INVALID_ARGUMENT, "stream " + stream + ": not odd and rising");
      return;
    }
    lastStream = stream;
    if (calls.size() >= MOST_CALLS) {
      refuse(stream, StatusCode.RESOURCE_EXHAUSTED, MOST_CALLS + " calls are in flight");
      return;
    }
    Request request;
    try {
      request = Envelopes.parse(Request.parser(), frame.data(), "request");
    } catch (TtrpcException e) {
      refuse(stream, StatusCode.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
      return;
    }
    String label = request.getService() + "/" + request.getMethod();
    TtrpcServer.Handler handler = handlers.get(label);
    if (handler == null) {
      refuse(stream, StatusCode.UNIMPLEMENTED, label + ": there is no such method");
      return;
    }
    begin(stream, label, request, handler, frame.has(Frame.REMOTE_OPEN));
  }

  private void begin(
      int stream, String label, Request request, TtrpcServer.Handler handler, boolean open) {
    var call =
        new ServerCall(request.getService(), request.getMethod(), Envelopes.metadata(request));
    var exchange = new ServerExchange(this, stream, label, request.getPayload(), open);
    calls.put(stream, exchange);
    Thread thread =
        Thread.ofVirtual()
            .name("ttrpc " + label)
            .unstarted(() -> run(exchange, call, handler, request.getPayload()));
    exchange.runs(thread);
    if (request.getTimeoutNano() > 0) {
      exchange.deadline(
          DEADLINES.schedule(exchange::expire, request.getTimeoutNano(), TimeUnit.NANOSECONDS));
    }
    thread.start();
  }

  private void run(
      ServerExchange exchange, ServerCall call, TtrpcServer.Handler handler, ByteString payload) {
    try {
      switch (handler) {
        case TtrpcServer.Handler.Unary unary -> {
          MessageLite argument =
              Envelopes.parse(unary.parser(), payload, exchange.label() + ": argument");
          exchange.answer(unary.method().call(call, argument).toByteString());
        }
        case TtrpcServer.Handler.Streaming streaming -> {
          streaming.method().call(call, exchange);
          exchange.endStream();
        }
      }
    } catch (TtrpcException e) {
      exchange.fail(e);
    } catch (InterruptedException e) {
      exchange.fail(new TtrpcException(StatusCode.CANCELLED, exchange.label() + ": cancelled", e));
    } catch (Exception | LinkageError | StackOverflowError e) {
      exchange.fail(failures.apply(e));
    } finally {
      calls.remove(exchange.stream());
    }
  }

  private void refuse(int stream, StatusCode code, String message) {
    byte[] response = Envelopes.failure(new TtrpcException(code, message));
    try {
      send(new Frame(stream, Frame.Type.RESPONSE, 0, response));
    } catch (InterruptedException e) {
      close();
    }
  }

  /** A client that sends and never reads is cut off. */
  void send(Frame frame) throws InterruptedException {
    if (!connection.reserve(frame.size(), PATIENCE)) {
      connection.close(TtrpcException.closed(connection.peer() + ": takes no more messages", null));
      throw connection.reason();
    }
    connection.send(frame);
  }

  TtrpcException reason() {
    return connection.reason();
  }

  @Override
  public void close() {
    connection.close();
  }
}
