package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.logs.LogDestination;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LoggedContainer;
import dev.carafe.spi.plugins.PluginUse;
import dev.carafe.spi.runtimes.CriLogTarget;
import dev.carafe.spi.runtimes.CriLogTarget.Input;
import dev.carafe.spi.runtimes.Stdio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where containers' output goes: always into the kubelet's file, by the container's monitor, and
 * further where the driver of the pod's handler says.
 */
final class ContainerLogs implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ContainerLogs.class);

  private final Map<String, LogDriver> drivers;
  private final CriConfig config;
  private final Path directory;
  private final Map<String, LogFollower> followers = new ConcurrentHashMap<>();

  /**
   * @param drivers by their ids: a live view
   * @param directory where it is written how far they are
   * @throws InvalidArgumentException if the configuration names another one
   */
  ContainerLogs(Map<String, LogDriver> drivers, CriConfig config, Path directory) {
    this.drivers = drivers;
    this.config = config;
    this.directory = directory;
    known("log_driver", config.logDriver());
    config
        .handlers()
        .forEach((name, handler) -> {
          if (!handler.logDriver().isEmpty()) {
            known("handlers." + name + ".log_driver", handler.logDriver());
          }
        });
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void known(String key, String driver) {
    if (!drivers.containsKey(driver)) {
      throw new InvalidArgumentException(
          "cri."
              + key
              + ": no log driver \""
              + driver
              + "\"; there are "
              + new TreeSet<>(drivers.keySet()));
    }
  }

  private String driver(Pod pod) {
    String own =
        config.handlers().getOrDefault(pod.handler(), CriConfig.Handler.DEFAULT).logDriver();
    return own.isEmpty() ? config.logDriver() : own;
  }

  /** Before a container's task is created: what its streams are to be. */
  Stdio starting(Pod pod, CriContainer container) {
    if (container.logPath().isEmpty()) {
      return stdio(container, List.of());
    }
    makeDirectory(container);
    String id = driver(pod);
    LogDriver driver = drivers.get(id);
    if (driver == null) {
      throw new FailedPreconditionException("log driver \"" + id + "\" is not running");
    }
    LoggedContainer logged = logged(pod, container);
    if (driver.follows()) {
      follow(new FollowedLog(id, logged, 0, List.of()), driver);
    }
    return stdio(container, driver.destinations(logged));
  }

  private void follow(FollowedLog followed, LogDriver driver) {
    String id = followed.container().id();
    followers.computeIfAbsent(
        id,
        _ ->
            LogFollower.start(followed, driver, directory.resolve(id), () -> followers.remove(id)));
  }

  /** What is kept of a driver: the configuration that names it, and the logs it follows. */
  List<PluginUse> uses(String driver) {
    List<PluginUse> uses = new ArrayList<>();
    boolean isNamed =
        config.logDriver().equals(driver)
            || config.handlers().values().stream()
                .anyMatch(handler -> handler.logDriver().equals(driver));
    if (isNamed) {
      uses.add(new PluginUse("the configuration of CRI names it", false));
    }
    long followed =
        followers.values().stream().filter(one -> one.driverId().equals(driver)).count();
    if (followed > 0) {
      uses.add(new PluginUse("it follows the logs of " + followed + " containers", false));
    }
    return uses;
  }

  private static LoggedContainer logged(Pod pod, CriContainer container) {
    var of = pod.config().getMetadata();
    ContainerConfig wanted = container.config();
    return new LoggedContainer(
        container.id(),
        wanted.getMetadata().getName(),
        wanted.getMetadata().getAttempt(),
        of.getName(),
        of.getNamespace(),
        of.getUid(),
        Path.of(container.logPath()),
        wanted.getLabelsMap(),
        wanted.getAnnotationsMap());
  }

  private static void makeDirectory(CriContainer container) {
    try {
      Files.createDirectories(Path.of(container.logPath()).getParent());
    } catch (IOException e) {
      throw new FailedPreconditionException(
          "container " + container.id() + ": log directory: " + e.getMessage(), e);
    }
  }

  static Stdio stdio(CriContainer container, List<LogDestination> destinations) {
    ContainerConfig config = container.config();
    String journal = "";
    for (LogDestination destination : destinations) {
      switch (destination) {
        case LogDestination.Journal to -> journal = to.tag();
      }
    }
    Path path = Path.of(container.logPath().isEmpty() ? "/dev/null" : container.logPath());
    return new CriLogTarget(path, input(config), journal).stdio(config.getTty());
  }

  private static Input input(ContainerConfig config) {
    if (!config.getStdin()) {
      return Input.NONE;
    }
    return config.getStdinOnce() ? Input.ONCE : Input.OPEN;
  }

  /** The log has been opened anew. */
  void reopened(String id) {
    LogFollower follower = followers.get(id);
    if (follower != null) {
      follower.rotated();
    }
  }

  /** The container has ended, and its monitor too. */
  void ended(String id) {
    LogFollower follower = followers.get(id);
    if (follower != null) {
      follower.ended();
    }
  }

  /** Goes on where an earlier daemon was. */
  void recover(Predicate<String> running) {
    try (DirectoryStream<Path> records = Files.newDirectoryStream(directory)) {
      for (Path record : records) {
        recover(record, running);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void recover(Path record, Predicate<String> running) throws IOException {
    String name = String.valueOf(record.getFileName());
    if (name.endsWith(".new")) {
      Files.deleteIfExists(record);
      return;
    }
    try {
      FollowedLog followed = FollowedLog.decode(record.toString(), Files.readAllBytes(record));
      LogDriver driver = drivers.get(followed.driver());
      if (driver == null) {
        log.error("container {}: there is no log driver \"{}\" any more", name, followed.driver());
        return;
      }
      follow(followed, driver);
      if (!running.test(name)) {
        ended(name);
      }
    } catch (DaemonException e) {
      log.error("{}: left out: {}", record, e.getMessage());
    }
  }

  @Override
  public void close() {
    List<LogFollower> open = List.copyOf(followers.values());
    List<Thread> threads = open.stream().map(one -> Thread.ofVirtual().start(one::close)).toList();
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
