package dev.carafe.testkit.sandboxes;

import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import dev.carafe.spi.sandboxes.StartedSandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A controller for tests: knows its sandboxes and makes nothing of them. */
public final class MemorySandboxController implements SandboxController {
  private static final class Entry {
    private final CreateSandbox request;
    private final Instant createdAt = Instant.now();
    private final CompletableFuture<SandboxExit> exit = new CompletableFuture<>();
    private Sandbox sandbox;
    private boolean started;

    Entry(CreateSandbox request) {
      this.request = request;
      this.sandbox = request.sandbox();
    }
  }

  private final Map<SandboxKey, Entry> entries = new ConcurrentHashMap<>();

  @Override
  public void create(CreateSandbox request) {
    if (entries.putIfAbsent(request.key(), new Entry(request)) != null) {
      throw new AlreadyExistsException("sandbox \"" + request.key().id() + "\": already exists");
    }
  }

  @Override
  public StartedSandbox start(SandboxKey key) {
    Entry entry = entry(key);
    if (entry.started) {
      throw new FailedPreconditionException("sandbox \"" + key.id() + "\": was started before");
    }
    entry.started = true;
    return new StartedSandbox(
        7, entry.createdAt, Map.of("started", "yes"), "unix:///memory", 3, entry.sandbox.spec());
  }

  @Override
  public Platform platform(SandboxKey key) {
    entry(key);
    return new Platform("linux", "memory", "", "", List.of());
  }

  @Override
  public void stop(SandboxKey key, Duration grace) {
    end(key, 0);
  }

  /** Lets a sandbox end by itself. */
  public void end(SandboxKey key, int code) {
    entry(key).exit.complete(new SandboxExit(code, Instant.now()));
  }

  @Override
  public SandboxExit await(SandboxKey key) throws InterruptedException {
    try {
      return entry(key).exit.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public SandboxStatus status(SandboxKey key, boolean verbose) {
    Entry entry = entry(key);
    SandboxExit exit = entry.exit.getNow(null);
    Map<String, String> info = new TreeMap<>();
    if (verbose) {
      info.put("netns", entry.request.networkNamespace());
      info.putAll(entry.sandbox.labels());
    }
    return new SandboxStatus(
        7,
        entry.started && exit == null ? SandboxStatus.READY : SandboxStatus.NOT_READY,
        info,
        entry.createdAt,
        exitedAt(exit),
        entry.request.options(),
        "unix:///memory",
        3);
  }

  private static @Nullable Instant exitedAt(@Nullable SandboxExit exit) {
    return exit == null ? null : exit.exitedAt();
  }

  @Override
  public void shutdown(SandboxKey key) {
    end(key, 0);
    entries.remove(key);
  }

  @Override
  public SandboxMetrics metrics(SandboxKey key) {
    entry(key);
    return new SandboxMetrics(
        Instant.now(), new SandboxValue("types.example/metrics", new byte[1]));
  }

  @Override
  public void update(SandboxKey key, Sandbox sandbox, Set<String> fields) {
    entry(key).sandbox = sandbox;
  }

  private Entry entry(SandboxKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      throw new NotFoundException("sandbox \"" + key.id() + "\": not found");
    }
    return entry;
  }
}
