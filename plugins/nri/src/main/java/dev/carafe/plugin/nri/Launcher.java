package dev.carafe.plugin.nri;

import dev.carafe.linux.EventLoop;
import dev.carafe.linux.ExitStatus;
import dev.carafe.linux.Fd;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.Signals;
import dev.carafe.linux.SocketCalls;
import dev.carafe.linux.Spawn;
import dev.carafe.linux.Spawned;
import dev.carafe.linux.TrustedProgram;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.ttrpc.TtrpcException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts plugins that are installed: with a connected socket as descriptor 3, and nothing in their
 * environment but who they are. They end with the daemon.
 */
final class Launcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Launcher.class);
  private static final int MOST = 100;
  private static final int CONFIGURATION = 1 << 20;
  private static final int DESCRIPTOR = 3;
  private static final int GRACE_STEPS = 50;
  private static final Duration GRACE_STEP = Duration.ofMillis(20);

  private final Path directory;
  private final Path configurations;
  private final Path state;
  private final Set<Spawned> running = ConcurrentHashMap.newKeySet();
  private final AtomicInteger meetings = new AtomicInteger();
  private @Nullable EventLoop loop;
  private boolean closed;

  /**
   * A plugin that is installed.
   *
   * @param configuration its file's text, or empty
   */
  record Installed(Path program, Peer.Identity identity, String configuration) {}

  Launcher(Path directory, Path configurations, Path state) {
    this.directory = directory;
    this.configurations = configurations;
    this.state = state;
  }

  /** What is installed; what cannot be used is named in the log. */
  List<Installed> find() {
    List<Installed> found = new ArrayList<>();
    try (DirectoryStream<Path> programs = Files.newDirectoryStream(directory)) {
      for (Path program : programs) {
        Installed one = installed(program);
        if (one != null && found.size() < MOST) {
          found.add(one);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      log.debug("no NRI plugins in {}", directory);
    } catch (IOException e) {
      log.error("NRI plugins in {}: {}", directory, e.toString());
    }
    found.sort(Comparator.comparing(one -> one.identity().toString()));
    return found;
  }

  private @Nullable Installed installed(Path program) {
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      return null;
    }
    String file = String.valueOf(program.getFileName());
    try {
      int dash = file.indexOf('-');
      Peer.Identity identity =
          Peer.Identity.of(file.substring(0, Math.max(dash, 0)), file.substring(dash + 1));
      String objection = TrustedProgram.objection(program);
      if (objection != null) {
        throw new FailedPreconditionException(objection);
      }
      if (isWebAssembly(program)) {
        throw new FailedPreconditionException("is WebAssembly, which is not supported");
      }
      return new Installed(program, identity, configuration(identity));
    } catch (TtrpcException | FailedPreconditionException | InvalidArgumentException e) {
      log.error("NRI plugin {} is not started: {}", program, e.getMessage());
    } catch (IOException e) {
      log.error("NRI plugin {} is not started: {}", program, e.toString());
    }
    return null;
  }

  private static boolean isWebAssembly(Path program) throws IOException {
    try (InputStream in = Files.newInputStream(program)) {
      byte[] magic = in.readNBytes(4);
      return magic.length == 4
          && magic[0] == 0
          && magic[1] == 'a'
          && magic[2] == 's'
          && magic[3] == 'm';
    }
  }

  private String configuration(Peer.Identity identity) throws IOException {
    for (String name : List.of(identity.toString(), identity.name())) {
      try (InputStream in = Files.newInputStream(configurations.resolve(name + ".conf"))) {
        byte[] bytes = in.readNBytes(CONFIGURATION + 1);
        if (bytes.length > CONFIGURATION) {
          throw new InvalidArgumentException(
              "configuration is larger than " + CONFIGURATION + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
      } catch (NoSuchFileException e) {
        log.debug("NRI plugin \"{}\" has no {}.conf", identity, name);
      }
    }
    return "";
  }

  /** A plugin that was started, and the connection to it. */
  record Running(SocketChannel channel, Spawned child) {}

  Running start(Installed plugin) {
    Path meeting = state.resolve(plugin.identity().index() + "-" + meetings.incrementAndGet());
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      Files.deleteIfExists(meeting);
      server.bind(UnixDomainSocketAddress.of(meeting));
      try (Fd theirs = SocketCalls.connect(RawPath.of(meeting), SocketCalls.STREAM)) {
        SocketChannel ours = server.accept();
        Spawned child =
            Spawn.of(plugin.program().toString())
                .environment(
                    List.of(
                        "NRI_PLUGIN_NAME=" + plugin.identity().name(),
                        "NRI_PLUGIN_IDX=" + plugin.identity().index(),
                        "NRI_PLUGIN_SOCKET=" + DESCRIPTOR))
                .descriptor(DESCRIPTOR, theirs)
                .newSession()
                .start();
        watch(plugin, child);
        return new Running(ours, child);
      }
    } catch (IOException | RuntimeException e) {
      throw new FailedPreconditionException("cannot be started: " + e.getMessage(), e);
    } finally {
      try {
        Files.deleteIfExists(meeting);
      } catch (IOException e) {
        log.debug("socket {} is left over: {}", meeting, e.toString());
      }
    }
  }

  private synchronized void watch(Installed plugin, Spawned child) {
    if (closed) {
      ProcessCalls.pidfdSendSignal(child.pidfd(), Signals.SIGKILL);
      ExitStatus unused = ProcessCalls.waitFor(child.pidfd());
      child.close();
      throw new CancelledException("the daemon ends");
    }
    running.add(child);
    var unused =
        loop()
            .exit(child.pidfd())
            .whenComplete((ExitStatus status, Throwable failure) -> {
              log.info(
                  "NRI plugin \"{}\" has ended: {}",
                  plugin.identity(),
                  status == null ? failure : status);
              running.remove(child);
              child.close();
            });
  }

  private EventLoop loop() {
    EventLoop open = loop;
    if (open == null) {
      open = EventLoop.start("nri plugins", MOST);
      loop = open;
    }
    return open;
  }

  /** Ends a plugin: it is asked to, and killed if it does not within a second. */
  void end(Running plugin) {
    signal(plugin.child(), Signals.SIGTERM);
    Thread.ofVirtual()
        .name("nri plugin end")
        .start(() -> {
          try {
            awaitEnd(plugin.child());
          } catch (InterruptedException e) {
            log.debug("a plugin's end is not waited for");
          }
          signal(plugin.child(), Signals.SIGKILL);
        });
  }

  private void awaitEnd(Spawned child) throws InterruptedException {
    for (int i = 0; i < GRACE_STEPS && running.contains(child); i++) {
      Thread.sleep(GRACE_STEP);
    }
  }

  private void signal(Spawned child, int signal) {
    if (running.contains(child)) {
      try {
        ProcessCalls.pidfdSendSignal(child.pidfd(), signal);
      } catch (RuntimeException e) {
        log.debug("a plugin has ended: {}", e.toString());
      }
    }
  }

  /** Ends all plugins. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    running.forEach(child -> signal(child, Signals.SIGTERM));
    try {
      for (Spawned child : running) {
        awaitEnd(child);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    running.forEach(child -> signal(child, Signals.SIGKILL));
    synchronized (this) {
      if (loop != null) {
        loop.close();
      }
    }
  }
}
