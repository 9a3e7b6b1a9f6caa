package dev.carafe.engine.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TaskStore;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MemoryWatcherTest {
  private static final Namespace NAMESPACE = new Namespace("default");
  private static final TaskLocation TASK = new TaskLocation("default", "c", Path.of("/b/c"));

  /** What the kernel did, as far as the runtime knows. */
  private final AtomicLong kills = new AtomicLong();

  private final BlockingQueue<Object> named = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final AtomicReference<TaskRecord> stored =
      new AtomicReference<>(
          new TaskRecord(
              "c",
              "oci",
              TASK.bundle(),
              RuntimeOptions.NONE,
              "boot",
              Map.of(),
              new RuntimeState(new byte[] {1}),
              0));
  private final TaskTable table =
      new TaskTable(
          metadata(),
          fake(EventBus.class, this::publish),
          new BundleDirectories(Path.of("/nowhere")));
  private final Map<String, TaskRuntime> runtimes = new ConcurrentHashMap<>();
  private final MemoryWatcher watcher = new MemoryWatcher(table, runtimes);

  private void watch(String plugin, TaskRuntime runtime) {
    runtimes.put(plugin, runtime);
    watcher.watch(plugin, runtime);
  }

  @AfterEach
  void close() {
    watcher.close();
  }

  private Object publish(Object self, java.lang.reflect.Method method, Object[] arguments) {
    // Stored before it is told: a daemon that dies in between tells it no second time.
    told.add(((Envelope) arguments[0]).topic() + " " + stored.get().memoryKills());
    return null;
  }

  private Metadata metadata() {
    TaskStore tasks =
        fake(
            TaskStore.class,
            (self, method, arguments) -> {
              stored.set((TaskRecord) arguments[0]);
              return null;
            });
    Stores stores = fake(Stores.class, (self, method, arguments) -> tasks);
    return fake(Metadata.class, (self, method, arguments) -> stores);
  }

  private TaskRuntime counting() {
    return fake(
        TaskRuntime.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "memoryKills" -> kills.get();
              case "awaitMemoryKills" -> {
                Object next = named.take();
                if (next instanceof RuntimeException failure) {
                  throw failure;
                }
                yield next;
              }
              default -> throw new AssertionError(method);
            });
  }

  private static TaskRuntime blind() {
    return fake(
        TaskRuntime.class,
        (self, method, arguments) -> {
          throw new UnimplementedException(method.getName());
        });
  }

  private static <T> T fake(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private TaskEntry running(TaskRuntime runtime) {
    TaskEntry entry = new TaskEntry(NAMESPACE, runtime, stored.get());
    table.add(entry);
    entry.open();
    return entry;
  }

  private void kill() {
    kills.incrementAndGet();
    named.add(Set.of(TASK));
  }

  private String awaitTold() throws InterruptedException {
    return told.poll(10, TimeUnit.SECONDS);
  }

  private static ExitStatus exit(boolean oomKilled) {
    return new ExitStatus(137, Instant.EPOCH, oomKilled);
  }

  @Test
  void aKillIsToldWhenItHappensAndOnce() throws Exception {
    // Given
    TaskEntry entry = running(counting());
    watch("oci", entry.runtime);

    // When
    kill();

    // Then
    assertEquals("/tasks/oom 1", awaitTold());

    // When
    named.add(Set.of(TASK));
    kill();

    // Then
    assertEquals("/tasks/oom 2", awaitTold());
    watcher.tellBeforeExit(entry, exit(true));
    assertTrue(told.isEmpty(), told::toString);
  }

  @Test
  void whatNobodyNamedIsToldBeforeTheExit() throws Exception {
    // Given
    TaskEntry entry = running(counting());
    kills.set(1);

    // When
    watcher.tellBeforeExit(entry, exit(true));

    // Then
    assertEquals("/tasks/oom 1", awaitTold());
  }

  @Test
  void aKillWhileTheDaemonWasDownIsToldAndAnEarlierOneIsNot() throws Exception {
    // Given
    stored.set(stored.get().withMemoryKills(2));
    TaskEntry entry = running(counting());
    kills.set(2);
    watch("oci", entry.runtime);

    // When
    named.add(Set.of(TASK));
    kill();

    // Then
    assertEquals("/tasks/oom 3", awaitTold());
    assertTrue(told.isEmpty(), told::toString);
  }

  @Test
  void aRuntimeThatFailsIsAskedAgain() throws Exception {
    // Given
    TaskEntry entry = running(counting());
    named.add(new UnavailableException("not now"));
    watch("oci", entry.runtime);

    // When
    kill();

    // Then
    assertEquals("/tasks/oom 1", awaitTold());
  }

  @Test
  void ofARuntimeThatDoesNotCountOnlyTheExitTells() throws Exception {
    // Given
    TaskEntry entry = running(blind());
    watch("other", entry.runtime);

    // When
    watcher.tellBeforeExit(entry, exit(false));
    watcher.tellBeforeExit(entry, exit(true));

    // Then
    assertEquals("/tasks/oom 0", awaitTold());
    assertTrue(told.isEmpty(), told::toString);
  }

  @Test
  void aTaskThatIsGoneIsNotAsked() throws Exception {
    // Given
    TaskEntry entry = running(counting());
    watch("oci", entry.runtime);
    entry.markDeleted();

    // When
    kill();
    watcher.tellBeforeExit(entry, exit(true));

    // Then
    assertTrue(told.isEmpty(), told::toString);
    assertEquals(0, stored.get().memoryKills());
  }
}
