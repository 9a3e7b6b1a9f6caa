package dev.carafe.integration;

import com.google.protobuf.Empty;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Timestamp;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.runtime.sandbox.v1.CreateSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.CreateSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.PingRequest;
import dev.carafe.api.runtime.sandbox.v1.PingResponse;
import dev.carafe.api.runtime.sandbox.v1.SandboxStatusRequest;
import dev.carafe.api.runtime.sandbox.v1.SandboxStatusResponse;
import dev.carafe.api.runtime.sandbox.v1.ShutdownSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.ShutdownSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.StartSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.StartSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.StopSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.StopSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.WaitSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.WaitSandboxResponse;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A shim with sandboxes, as a program of its own: a sandbox is a process in namespaces of its own,
 * and its tasks are those of containerd's shim for runc, to which every call of the task service is
 * passed on as it is. {@link #install} writes the program that starts both.
 */
final class BoxedShim {
  private static final String SANDBOX = "containerd.runtime.sandbox.v1.Sandbox";
  private static final String CREATED = ".created";

  /** Of the task service; their messages are not looked into. */
  private static final List<String> TASK_CALLS =
      List.of(
          "State",
          "Create",
          "Start",
          "Delete",
          "Pids",
          "Pause",
          "Resume",
          "Checkpoint",
          "Kill",
          "Exec",
          "ResizePty",
          "CloseIO",
          "Update",
          "Wait",
          "Stats",
          "Connect",
          "Shutdown");

  private static final Pattern ADDRESS = Pattern.compile("unix://([^\"]+)");
  private static final Pattern VERSION = Pattern.compile("\"version\": ?(\\d)");

  private final Path socket;
  private final TtrpcClient tasks;
  private final String version;
  private final CompletableFuture<Instant> ended = new CompletableFuture<>();
  private volatile CreateSandboxRequest created = CreateSandboxRequest.getDefaultInstance();
  private volatile @Nullable Process box;
  private volatile long pid;

  private BoxedShim(Path socket, String real) throws InterruptedException {
    this.socket = socket;
    Matcher address = ADDRESS.matcher(real);
    if (!address.find()) {
      throw new IllegalArgumentException("no address: " + real);
    }
    Matcher found = VERSION.matcher(real);
    this.version = found.find() ? found.group(1) : "2";
    this.tasks = TtrpcClient.connect(Path.of(address.group(1)), Duration.ofSeconds(20));
  }

  /** What a test has of it. */
  record Installed(Path program, Path sockets) {
    /** As the kubelet's wishes reached the sandbox. */
    PodSandboxConfig config(String id) throws IOException {
      return PodSandboxConfig.parseFrom(request(id).getOptions().getValue());
    }

    CreateSandboxRequest request(String id) throws IOException {
      return CreateSandboxRequest.parseFrom(Files.readAllBytes(socket(id, CREATED)));
    }

    private Path socket(String id, String suffix) {
      return sockets.resolve(id.substring(0, 12) + suffix);
    }

    /** While it is there, sandboxes do not start; one that tries makes the file {@link #held}. */
    Path hold() {
      return sockets.resolve("hold");
    }

    /** While it says "hang", sandboxes do not stop; while "refuse", they do not want to. */
    Path deaf() {
      return sockets.resolve("deaf");
    }

    /** Is there once one that is deaf was to stop. */
    Path asked() {
      return sockets.resolve("asked");
    }

    Path held() {
      return sockets.resolve("held");
    }

    /** Removes the sockets of shims that were killed, which are nowhere near the test's files. */
    void removeSockets() throws IOException {
      for (Path file : Leaks.files(sockets)) {
        Matcher address = ADDRESS.matcher(Leaks.read(file).lines().findFirst().orElse(""));
        if (file.toString().endsWith(".real") && address.find()) {
          Files.deleteIfExists(Path.of(address.group(1)));
        }
      }
    }

    /** The process that serves a sandbox. */
    long server(Lab lab, String id) {
      String process =
          Leaks.processes(lab).stream()
              .filter(one -> one.contains(socket(id, "").toString() + " "))
              .filter(one -> one.contains(BoxedShim.class.getName()))
              .findFirst()
              .orElseThrow();
      return Long.parseLong(process.split("[ :]", 3)[1]);
    }

    /**
     * Configuration of a handler "boxed" whose pods are sandboxes of it, and of one "plain" whose
     * containers are run by the other shim alone. A machine with other work is no dead shim.
     */
    String configuration() {
      return """
      [runtimes.boxed]
      version = "shim-v2"
      shim = "%1$s"
      [runtimes.plain]
      version = "shim-v2"
      shim = "%2$s"
      [cri.handlers.boxed]
      sandboxer = "shim"
      pod_annotations = ["io.box.*"]
      [plugins."io.containerd.sandbox.controller.v1.shim"]
      start_timeout = "50s"
      state_timeout = "30s"
      load_timeout = "30s"
      [plugins."io.containerd.runtime.v2.shim"]
      start_timeout = "50s"
      state_timeout = "30s"
      load_timeout = "30s"
      """
          .formatted(program, real());
    }
  }

  private static Path real() {
    return Setup.newerContainerd()
        .map(programs -> programs.resolve("containerd-shim-runc-v2"))
        .filter(Files::isExecutable)
        .orElseGet(() -> Setup.tool("containerd-shim-runc-v2"));
  }

  /** Writes the program below the test's directory. */
  static Installed install(Lab lab) throws IOException {
    Path sockets = lab.directory("s");
    Path program = lab.directory("shims").resolve("containerd-shim-boxed-v1");
    Files.writeString(
        program,
        """
        #!/bin/sh
        id= verb=
        for word; do
          [ "$id" = next ] && id=$word
          [ "$word" = -id ] && id=next
          verb=$word
        done
        [ "$verb" = start ] || exec %1$s "$@"
        if [ -e %2$s/hold ]; then : > %2$s/held; exec sleep 1000; fi
        [ -e config.json ] || echo '{}' > config.json
        real=$(%1$s "$@") || exit 1
        socket=%2$s/$(echo "$id" | cut -c 1-12)
        echo "$real" > "$socket.real"
        setsid %3$s -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m -cp '%4$s' %5$s "$socket" "$real" \\
          < /dev/null > "$socket.log" 2>&1 &
        while [ ! -S "$socket" ]; do
          kill -0 $! || { cat "$socket.log" >&2; exit 1; }
          sleep 0.02
        done
        case "$real" in *'"version":3'*) version=3 ;; *) version=2 ;; esac
        echo "{\\"version\\":$version,\\"address\\":\\"unix://$socket\\",\\"protocol\\":\\"ttrpc\\"}"
        """
            .formatted(
                real(),
                sockets,
                Path.of(System.getProperty("java.home"), "bin/java"),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                BoxedShim.class.getName()));
    if (!program.toFile().setExecutable(true)) {
      throw new IOException(program + " cannot be made executable");
    }
    return new Installed(program, sockets);
  }

  /** Serves at a socket until the sandbox is shut down; the other word is what the shim told. */
  public static void main(String[] words) throws Exception {
    var shim = new BoxedShim(Path.of(words[0]), words[1]);
    shim.serve();
    Thread.currentThread().join();
  }

  private void serve() throws IOException {
    TtrpcServer.Builder server = TtrpcServer.builder();
    String service = "containerd.task.v" + version + ".Task";
    CallOptions options =
        new CallOptions(
            Duration.ZERO,
            Map.of(
                "containerd-namespace-ttrpc",
                List.of(Objects.requireNonNull(System.getenv("NAMESPACE")))));
    for (String name : TASK_CALLS) {
      server.unary(
          service,
          name,
          Empty.parser(),
          (call, request) -> tasks.call(service, name, request, Empty.parser(), options));
    }
    for (Map.Entry<String, MessageLite> call :
        Map.<String, MessageLite>of(
                "CreateSandbox", CreateSandboxRequest.getDefaultInstance(),
                "StartSandbox", StartSandboxRequest.getDefaultInstance(),
                "StopSandbox", StopSandboxRequest.getDefaultInstance(),
                "WaitSandbox", WaitSandboxRequest.getDefaultInstance(),
                "SandboxStatus", SandboxStatusRequest.getDefaultInstance(),
                "PingSandbox", PingRequest.getDefaultInstance(),
                "ShutdownSandbox", ShutdownSandboxRequest.getDefaultInstance())
            .entrySet()) {
      server.unary(
          SANDBOX,
          call.getKey(),
          call.getValue().getParserForType(),
          (ignored, request) -> answer(request, service, options));
    }
    // Whoever sees the name finds it served.
    Path hidden = Path.of(socket + ".new");
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(hidden));
    server.build().listen(channel);
    Files.move(hidden, socket);
  }

  private MessageLite answer(MessageLite request, String service, CallOptions options)
      throws Exception {
    return switch (request) {
      case CreateSandboxRequest creation -> {
        created = creation;
        Files.write(Path.of(socket + CREATED), creation.toByteArray());
        yield CreateSandboxResponse.getDefaultInstance();
      }
      case StartSandboxRequest _ -> {
        start();
        yield StartSandboxResponse.newBuilder()
            .setPid((int) pid)
            .setCreatedAt(time(Instant.now()))
            .build();
      }
      case StopSandboxRequest _ -> {
        listen();
        end();
        yield StopSandboxResponse.getDefaultInstance();
      }
      case WaitSandboxRequest _ ->
          WaitSandboxResponse.newBuilder().setExitedAt(time(ended.get())).build();
      case SandboxStatusRequest _ ->
          SandboxStatusResponse.newBuilder()
              .setPid((int) pid)
              .setState(box != null && !ended.isDone() ? "SANDBOX_READY" : "SANDBOX_NOTREADY")
              .putInfo("box", "process " + pid)
              .build();
      case ShutdownSandboxRequest _ -> {
        end();
        tasks.call(service, "Shutdown", Empty.getDefaultInstance(), Empty.parser(), options);
        Thread.ofPlatform()
            .start(() -> {
              LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
              Runtime.getRuntime().halt(0);
            });
        yield ShutdownSandboxResponse.getDefaultInstance();
      }
      default -> PingResponse.getDefaultInstance();
    };
  }

  private static Timestamp time(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }

  /** A first process with namespaces of the sandbox's own, in the network that it was given. */
  private void start() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (!created.getNetnsPath().isEmpty()) {
      command.addAll(List.of("nsenter", "--net=" + created.getNetnsPath(), "--"));
    }
    PodSandboxConfig config = PodSandboxConfig.parseFrom(created.getOptions().getValue());
    command.addAll(
        List.of("unshare", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--", "sh", "-c"));
    command.addAll(List.of("hostname \"$0\" && exec sleep 1000000", config.getHostname()));
    Process started = new ProcessBuilder(command).inheritIO().start();
    started.onExit().thenRun(() -> ended.complete(Instant.now()));
    box = started;
    Await.until(
        "the first process runs",
        () ->
            started
                .children()
                .anyMatch(child -> child.info().command().orElse("").endsWith("/sleep")));
    pid = started.children().findFirst().orElseThrow().pid();
  }

  private void listen() throws IOException {
    Path deaf = socket.resolveSibling("deaf");
    while (Files.exists(deaf)) {
      if (Files.readString(deaf).equals("refuse")) {
        throw new IOException("this sandbox does not stop");
      }
      Files.writeString(socket.resolveSibling("asked"), "");
      Await.pause(20_000_000);
    }
  }

  private void end() throws InterruptedException {
    Process running = box;
    if (running == null) {
      ended.complete(Instant.now());
      return;
    }
    running.destroyForcibly().waitFor();
    ended.join();
  }
}
