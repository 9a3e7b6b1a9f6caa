package dev.carafe.cri.streaming;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** A server whose handler each test says. */
final class Served implements StreamHandler, AutoCloseable {
  interface Exec {
    int run(ExecRequest request, Streams streams) throws Exception;
  }

  interface Port {
    void forward(int port, InputStream in, OutputStream out) throws Exception;
  }

  static final Duration PATIENCE = Duration.ofSeconds(20);

  private final StreamingServer server;
  private volatile Exec exec = (_, _) -> 0;
  private volatile Port port = (_, _, _) -> {};

  private Served(StreamingConfig config) {
    this.server = StreamingServer.start(config, this);
  }

  static Served start() {
    return new Served(StreamingConfig.DEFAULT);
  }

  static Served start(UnaryOperator<Settings> changes) {
    return new Served(changes.apply(new Settings()).config());
  }

  /** The defaults with changes. */
  static final class Settings {
    String tlsCert = "";
    String tlsKey = "";
    String tlsCa = "";
    Duration idle = StreamingConfig.DEFAULT.idleTimeout();
    Duration creation = StreamingConfig.DEFAULT.streamCreationTimeout();
    Duration ping = StreamingConfig.DEFAULT.pingInterval();
    Duration ttl = StreamingConfig.DEFAULT.tokenTtl();
    int pending = StreamingConfig.DEFAULT.maxPending();
    int connections = StreamingConfig.DEFAULT.maxConnections();
    int streams = StreamingConfig.DEFAULT.maxStreams();
    int message = StreamingConfig.DEFAULT.maxMessageBytes();

    StreamingConfig config() {
      return new StreamingConfig(
          "127.0.0.1",
          0,
          tlsCert,
          tlsKey,
          tlsCa,
          idle,
          creation,
          ping,
          ttl,
          pending,
          connections,
          streams,
          message);
    }
  }

  Served exec(Exec body) {
    exec = body;
    return this;
  }

  Served port(Port body) {
    port = body;
    return this;
  }

  StreamingServer server() {
    return server;
  }

  /** Standard streams without a terminal. */
  static ExecRequest plain() {
    return new ExecRequest("c1", List.of("sh"), false, true, true, true);
  }

  static ExecRequest outputOnly() {
    return new ExecRequest("c1", List.of("sh"), false, false, true, false);
  }

  static ExecRequest terminal() {
    return new ExecRequest("c1", List.of("sh"), true, true, true, false);
  }

  @Override
  public int exec(ExecRequest request, Streams streams) throws Exception {
    return exec.run(request, streams);
  }

  @Override
  public void attach(AttachRequest request, Streams streams) throws Exception {
    exec.run(
        new ExecRequest(
            request.containerId(),
            List.of("attach"),
            request.tty(),
            request.stdin(),
            request.stdout(),
            request.stderr()),
        streams);
  }

  @Override
  public void portForward(String sandboxId, int number, InputStream in, OutputStream out)
      throws Exception {
    port.forward(number, in, out);
  }

  @Override
  public void close() {
    server.close();
  }
}
