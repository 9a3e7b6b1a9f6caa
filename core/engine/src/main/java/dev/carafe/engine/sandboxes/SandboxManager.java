package dev.carafe.engine.sandboxes;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.PluginUse;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.StartedSandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a sandbox's controller and calls it, one change at a time for each sandbox, and publishes
 * what happened. Where the caller names no controller, the sandbox's record does.
 */
public final class SandboxManager implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SandboxManager.class);

  private final Metadata metadata;
  private final Map<String, SandboxController> controllers;
  private final EventBus events;
  private final KeyedLock<SandboxKey> changes = new KeyedLock<>();
  private final Map<SandboxKey, Thread> watchers = new ConcurrentHashMap<>();
  private final Instant opened = Instant.now();
  private volatile boolean closed;

  public SandboxManager(
      Metadata metadata, Map<String, SandboxController> controllers, EventBus events) {
    this.metadata = metadata;
    this.controllers = controllers;
    this.events = events;
  }

  /** What is kept of a controller: its sandboxes. */
  public List<PluginUse> uses(String controller) {
    long count = 0;
    for (Namespace namespace : metadata.namespaces().list()) {
      count +=
          metadata.stores(namespace).sandboxes().list().stream()
              .filter(sandbox -> sandbox.controller().equals(controller))
              .count();
    }
    return count == 0 ? List.of() : List.of(new PluginUse(count + " sandboxes", false));
  }

  /** Watches, in the background, what an earlier daemon started. */
  public void recover() {
    Thread.ofVirtual().name("sandbox-recovery").start(this::takeUp);
  }

  private void takeUp() {
    try {
      for (Namespace namespace : metadata.namespaces().list()) {
        for (Sandbox sandbox : metadata.stores(namespace).sandboxes().list()) {
          takeUp(new SandboxKey(namespace.name(), sandbox.id()), sandbox.controller());
        }
      }
    } catch (DaemonException e) {
      log.warn("sandboxes are not watched: {}", e.getMessage());
    }
  }

  private void takeUp(SandboxKey key, String name) {
    SandboxController controller = controllers.get(name);
    if (controller == null) {
      return;
    }
    try {
      SandboxStatus status = controller.status(key, false);
      Instant exitedAt = status.exitedAt();
      boolean runs = exitedAt == null && status.state().equals(SandboxStatus.READY);
      if (runs || exitedAt != null && !exitedAt.isBefore(opened)) {
        watch(key, controller);
      }
    } catch (NotFoundException e) {
      // A record without a sandbox: its client was cut off, or the machine was booted.
    } catch (DaemonException e) {
      log.warn("sandbox {} is not watched: {}", key, e.getMessage());
    }
  }

  /** Makes a sandbox with the controller {@code name}. */
  public void create(CreateSandbox request, String name) throws Exception {
    SandboxController controller = controller(request.key(), name);
    changes.alone(request.key(), () -> done(() -> controller.create(request)));
    publish(request.key(), new Event.SandboxCreated(request.key().id()));
  }

  public StartedSandbox start(SandboxKey key, String name) throws Exception {
    SandboxController controller = controller(key, name);
    StartedSandbox started =
        changes.alone(
            key,
            () -> {
              StartedSandbox answer = controller.start(key);
              publish(key, new Event.SandboxStarted(key.id()));
              return answer;
            });
    watch(key, controller);
    return started;
  }

  public Platform platform(SandboxKey key, String name) {
    return controller(key, name).platform(key);
  }

  public void stop(SandboxKey key, Duration grace, String name) throws Exception {
    SandboxController controller = controller(key, name);
    changes.alone(
        key,
        () -> {
          controller.stop(key, grace);
          return true;
        });
  }

  public SandboxExit await(SandboxKey key, String name) throws InterruptedException {
    return controller(key, name).await(key);
  }

  public SandboxStatus status(SandboxKey key, boolean verbose, String name) {
    return controller(key, name).status(key, verbose);
  }

  public void shutdown(SandboxKey key, String name) throws Exception {
    SandboxController controller = controller(key, name);
    changes.alone(key, () -> done(() -> controller.shutdown(key)));
  }

  public SandboxMetrics metrics(SandboxKey key, String name) {
    return controller(key, name).metrics(key);
  }

  public void update(SandboxKey key, Sandbox sandbox, Set<String> fields, String name)
      throws Exception {
    SandboxController controller = controller(key, name);
    changes.alone(key, () -> done(() -> controller.update(key, sandbox, fields)));
  }

  /** Whether there is a controller of that name. */
  public boolean has(String name) {
    return controllers.containsKey(name);
  }

  private static boolean done(Runnable work) {
    work.run();
    return true;
  }

  private SandboxController controller(SandboxKey key, String name) {
    String wanted = name.isEmpty() ? recorded(key) : name;
    SandboxController controller = controllers.get(wanted);
    if (controller == null) {
      throw new NotFoundException(
          "sandbox controller \"" + wanted.replaceAll("\\p{Cntrl}", "?") + "\": not found");
    }
    return controller;
  }

  private String recorded(SandboxKey key) {
    try {
      String recorded =
          metadata.stores(new Namespace(key.namespace())).sandboxes().get(key.id()).controller();
      if (!recorded.isEmpty()) {
        return recorded;
      }
    } catch (NotFoundException e) {
      // The client said nothing of it.
    }
    throw new InvalidArgumentException(
        "sandbox \"" + key.id() + "\": sandbox controller name must not be empty");
  }

  private void watch(SandboxKey key, SandboxController controller) {
    Thread watcher =
        Thread.ofVirtual()
            .name("sandbox-" + key)
            .unstarted(() -> {
              try {
                SandboxExit exit = controller.await(key);
                publish(key, new Event.SandboxExited(key.id(), exit.code(), exit.exitedAt()));
              } catch (InterruptedException e) {
                // The daemon stops.
              } catch (DaemonException e) {
                if (!closed) {
                  log.warn("the end of sandbox {} is not seen: {}", key, e.getMessage());
                }
              } finally {
                watchers.remove(key, Thread.currentThread());
              }
            });
    if (!closed && watchers.putIfAbsent(key, watcher) == null) {
      watcher.start();
    }
  }

  private void publish(SandboxKey key, Event event) {
    events.publish(new Envelope(Instant.now(), key.namespace(), event.topic(), event));
  }

  /** Stops watching; the sandboxes go on. */
  @Override
  public void close() {
    closed = true;
    watchers.values().forEach(Thread::interrupt);
  }
}
