package dev.carafe.plugin.nri;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.api.nri.v1alpha1.Empty;
import dev.carafe.api.nri.v1alpha1.Event;
import dev.carafe.api.nri.v1alpha1.RegisterPluginRequest;
import dev.carafe.api.nri.v1alpha1.StateChangeEvent;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainersResponse;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcException;
import dev.carafe.ttrpc.TtrpcServer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One plugin and the connection to it. It is asked one thing at a time: plugins are used to that.
 * One that does not answer in time, or not sensibly, is cut off.
 */
final class Peer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Peer.class);
  private static final String SERVICE = "nri.pkg.api.v1alpha1.Plugin";
  private static final String RUNTIME = "nri.pkg.api.v1alpha1.Runtime";
  private static final Pattern INDEX = Pattern.compile("[0-9]{2}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._+-]{1,128}");
  private static final int VALID_EVENTS = (1 << (Event.LAST_VALUE - 1)) - 1;

  private final Duration patience;
  private final Mux mux;
  private final TtrpcClient client;
  private final TtrpcServer server;
  private final CompletableFuture<Identity> registered = new CompletableFuture<>();
  private final ReentrantLock turn = new ReentrantLock(true);
  private volatile @Nullable Identity identity;
  private volatile int events;

  /**
   * Who a plugin is.
   *
   * @param index two digits, by which plugins are ordered
   */
  record Identity(String index, String name) {
    static Identity of(String index, String name) {
      if (!INDEX.matcher(index).matches()) {
        throw new TtrpcException(
            StatusCode.INVALID_ARGUMENT, "plugin index \"" + shown(index) + "\" is not two digits");
      }
      if (!NAME.matcher(name).matches()) {
        throw new TtrpcException(
            StatusCode.INVALID_ARGUMENT,
            "plugin name \"" + shown(name) + "\" is not made of letters, digits and . _ + -");
      }
      return new Identity(index, name);
    }

    private static String shown(String text) {
      return (text.length() > 128 ? text.substring(0, 128) : text).replaceAll("\\p{Cntrl}", "?");
    }

    @Override
    public String toString() {
      return index + "-" + name;
    }
  }

  /** What a plugin may ask. */
  interface Requests {
    UpdateContainersResponse update(Peer peer, UpdateContainersRequest request);
  }

  /** The plugin is gone, or was cut off because of what it did or did not do. */
  static final class GoneException extends Exception {
    private static final long serialVersionUID = 1L;

    GoneException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * @param known who it is, of one that was started by the daemon; null if it is to say so itself
   * @param patience how long it may take to answer
   */
  Peer(SocketChannel channel, @Nullable Identity known, Duration patience, Requests requests) {
    this.patience = patience;
    this.identity = known;
    this.mux = new Mux(channel);
    String label = known == null ? "NRI plugin" : "NRI plugin " + known;
    this.client = TtrpcClient.over(mux.plugin(), label);
    this.server =
        TtrpcServer.builder()
            .unary(
                RUNTIME,
                "RegisterPlugin",
                RegisterPluginRequest.parser(),
                (_, request) -> register(known, request))
            .unary(
                RUNTIME,
                "UpdateContainers",
                UpdateContainersRequest.parser(),
                (_, request) -> requests.update(this, request))
            .build();
  }

  /** Begins to listen to it. */
  void start() {
    var unused =
        client
            .closed()
            .thenAccept(reason -> {
              registered.completeExceptionally(reason);
              mux.close();
            });
    server.serve(mux.runtime(), "NRI plugin");
    mux.start();
  }

  /** Has {@code action} run when the connection has ended, whoever ended it. */
  void onClose(Runnable action) {
    var unused = client.closed().thenRun(action);
  }

  private Empty register(@Nullable Identity known, RegisterPluginRequest request) {
    // Who is refused may try again, for as long as it has time.
    Identity said =
        known == null ? Identity.of(request.getPluginIdx(), request.getPluginName()) : known;
    if (!registered.complete(said)) {
      throw new TtrpcException(StatusCode.FAILED_PRECONDITION, "plugin is registered already");
    }
    return Empty.getDefaultInstance();
  }

  /** Waits until it has said who it is. */
  Identity awaitRegistration(Duration atMost) throws GoneException, InterruptedException {
    try {
      Identity said = registered.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
      identity = said;
      return said;
    } catch (TimeoutException e) {
      throw cutOff("has not registered within " + atMost.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw cutOff("was not registered: " + (cause == null ? e : cause).getMessage(), e);
    }
  }

  /** Takes what it wants to be told; nothing stands for everything. */
  void subscribe(int mask) throws GoneException {
    if ((mask & ~VALID_EVENTS) != 0) {
      throw cutOff("subscribes to events that there are not: " + Integer.toHexString(mask), null);
    }
    events = mask == 0 ? VALID_EVENTS : mask;
  }

  boolean wants(Event event) {
    return (events & 1 << (event.getNumber() - 1)) != 0;
  }

  String index() {
    Identity known = identity;
    return known == null ? "" : known.index();
  }

  /** The name without the index. */
  String name() {
    Identity known = identity;
    return known == null ? "" : known.name();
  }

  @Override
  public String toString() {
    Identity known = identity;
    return known == null ? "(not registered)" : known.toString();
  }

  boolean isClosed() {
    return client.closed().isDone();
  }

  /** Lets nobody else ask until it is closed. */
  Turn turn() throws InterruptedException {
    turn.lockInterruptibly();
    return turn::unlock;
  }

  /** The right to ask. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Asks, and waits for the answer.
   *
   * @return null if the plugin has no such call
   * @throws GoneException if there is no answer in time; it is cut off then
   * @throws FailedPreconditionException if the answer is an error
   */
  <T> @Nullable T ask(String method, MessageLite request, Parser<T> answers)
      throws GoneException, InterruptedException {
    return ask(method, request, answers, patience);
  }

  /** The same with another patience. */
  <T> @Nullable T ask(String method, MessageLite request, Parser<T> answers, Duration atMost)
      throws GoneException, InterruptedException {
    try (Turn _ = turn()) {
      return client.call(SERVICE, method, request, answers, CallOptions.NONE.withTimeout(atMost));
    } catch (TtrpcException e) {
      if (e.code() == StatusCode.UNIMPLEMENTED) {
        return null;
      }
      if (e.connectionClosed() || e.code() == StatusCode.DEADLINE_EXCEEDED || unreadable(e)) {
        throw cutOff(method + ": " + e.getMessage(), e);
      }
      throw new FailedPreconditionException(
          "NRI plugin \"" + this + "\": " + method + ": " + e.getMessage(), e);
    }
  }

  private static boolean unreadable(TtrpcException e) {
    return e.getCause() instanceof InvalidProtocolBufferException;
  }

  /**
   * Tells of something to which the answer says nothing. Plugins before 0.12 have one call for all
   * of that.
   *
   * @throws FailedPreconditionException if the answer is an error
   */
  void tell(String method, MessageLite request, StateChangeEvent change)
      throws GoneException, InterruptedException {
    // All answers of such calls are empty, and an empty message reads any.
    if (ask(method, request, Empty.parser()) == null
        && ask("StateChange", change, Empty.parser()) == null) {
      log.debug("NRI plugin \"{}\" has no {}", this, method);
    }
  }

  private GoneException cutOff(String why, @Nullable Throwable cause) {
    if (!isClosed()) {
      log.warn("NRI plugin \"{}\" is dropped: {}", this, why);
      close();
    }
    return new GoneException("NRI plugin \"" + this + "\": " + why, cause);
  }

  static CancelledException cancelled(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new CancelledException("NRI plugins: cancelled", e);
  }

  /** Ends the connection. */
  @Override
  public void close() {
    client.close();
    server.close();
    mux.close();
  }
}
