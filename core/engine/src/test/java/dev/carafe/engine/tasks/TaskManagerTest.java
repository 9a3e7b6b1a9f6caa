package dev.carafe.engine.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TaskStore;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.MemoryTaskRuntime;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TaskManagerTest {
  private static final Namespace NAMESPACE = new Namespace("default");

  @TempDir Path directory;

  private final MemoryTaskRuntime runtime = new MemoryTaskRuntime();
  private final Map<String, TaskRecord> records = new ConcurrentHashMap<>();

  /** Records written and events published, in their order. */
  private final List<String> log = new CopyOnWriteArrayList<>();

  /** The processes whose end was published, in that order. */
  private final List<String> exits = new CopyOnWriteArrayList<>();

  private TaskManager tasks;

  @BeforeEach
  void open() {
    tasks = manager();
  }

  @AfterEach
  void close() {
    tasks.close();
  }

  private TaskManager manager() {
    return new TaskManager(
        metadata(),
        new RuntimeHandlers(Map.of("oci", runtime), Map.of()),
        Map.of(),
        _ -> RuntimeOptions.NONE,
        fake(EventBus.class, (_, _, arguments) -> publish((Envelope) arguments[0])),
        directory.resolve("bundles"));
  }

  private boolean publish(Envelope envelope) {
    if (envelope.event() instanceof Event.TaskExited exit) {
      exits.add(exit.id());
    }
    return log.add(envelope.topic());
  }

  /** Every container exists but "nobody"; that of "empty" has no specification. */
  private Metadata metadata() {
    ContainerStore containers =
        fake(ContainerStore.class, (_, _, arguments) -> container((String) arguments[0]));
    TaskStore store =
        fake(
            TaskStore.class,
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "put" -> put((TaskRecord) arguments[0]);
                  case "delete" -> {
                    log.add("delete record");
                    yield records.remove(arguments[0]);
                  }
                  case "list" -> List.copyOf(records.values());
                  default -> throw new AssertionError(method);
                });
    Stores stores =
        fake(
            Stores.class,
            (_, method, _) -> method.getName().equals("containers") ? containers : store);
    NamespaceStore namespaces = fake(NamespaceStore.class, (_, _, _) -> List.of(NAMESPACE));
    return fake(
        Metadata.class,
        (_, method, _) -> method.getName().equals("namespaces") ? namespaces : stores);
  }

  private @Nullable Object put(TaskRecord record) {
    RuntimeState state = record.state();
    log.add(
        "put " + (state == null ? "intent" : new String(state.value(), StandardCharsets.UTF_8)));
    records.put(record.containerId(), record);
    return null;
  }

  private static Container container(String id) {
    if (id.equals("nobody")) {
      throw new NotFoundException("container \"nobody\": not found");
    }
    return new Container(
        id,
        Map.of(),
        "",
        new Container.Runtime("", null),
        id.equals("empty") ? null : new TypedValue("spec", new byte[] {1}),
        "",
        "",
        Map.of(),
        "",
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private static <T> T fake(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private void create(String id) {
    tasks.create(NAMESPACE, new TaskRequest(id, List.of(), Stdio.NONE, RuntimeOptions.NONE, null));
  }

  private void running(String id) {
    create(id);
    tasks.start(NAMESPACE, id, "");
  }

  private static void eventually(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "it does not come to that");
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** A new daemon on what the old one left. */
  private void restart() {
    tasks.close();
    tasks = manager();
    tasks.recover();
  }

  @Test
  void theIntentIsStoredBeforeTheRuntimeIsCalledAndItsStateBeforeAnybodyIsTold() {
    // Given
    runtime.before(method -> log.add("runtime " + method));

    // When
    create("c");

    // Then
    assertEquals(
        List.of(
            "put intent", "runtime create", "put default/c 1", "runtime status", "/tasks/create"),
        log);
  }

  @Test
  void whatCannotBeCreatedLeavesNothing() {
    // Given
    runtime.before(method -> {
      if (method.equals("create")) {
        throw new DeadlineExceededException("slow");
      }
    });

    // Then
    assertThrows(DeadlineExceededException.class, () -> create("c"));
    assertThrows(NotFoundException.class, () -> create("nobody"));
    assertThrows(InvalidArgumentException.class, () -> create("empty"));
    assertThrows(InvalidArgumentException.class, () -> create("../up"));
    assertEquals(Map.of(), records);
    assertEquals(List.of("create default/c", "discard default/c"), runtime.calls());
    assertFalse(Files.exists(directory.resolve("bundles/default/c")));
    assertEquals(List.of(), tasks.list(NAMESPACE));
  }

  @Test
  void aFailedCreationThatCannotBeCleanedUpIsShownUntilItCan() {
    // Given
    runtime.before(method -> {
      if (method.equals("create") || method.equals("discard")) {
        throw new UnavailableException(method + " on purpose");
      }
    });

    // When
    UnavailableException failure = assertThrows(UnavailableException.class, () -> create("c"));

    // Then
    assertEquals("create on purpose", failure.getMessage());
    assertEquals(1, records.size());
    assertInstanceOf(ProcessStatus.Unknown.class, tasks.get(NAMESPACE, "c", "").status());

    // When
    runtime.before(_ -> {});
    tasks.delete(NAMESPACE, "c", "");

    // Then
    assertEquals(Map.of(), records);
    create("c");
  }

  @Test
  void callsThatChangeOneTaskTakeTurnsAndOthersDoNotWait() throws Exception {
    // Given
    running("a");
    running("b");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    runtime.before(method -> {
      if (method.equals("update")) {
        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
        entered.countDown();
        await(goOn);
        inside.decrementAndGet();
      }
    });
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      // When
      Runnable update = () -> tasks.update(NAMESPACE, "a", new byte[0], Map.of());
      List<Future<?>> updates = List.of(clients.submit(update), clients.submit(update));
      await(entered);
      tasks.pause(NAMESPACE, "b");
      tasks.kill(NAMESPACE, "a", "", 0, false);
      goOn.countDown();

      // Then
      for (Future<?> one : updates) {
        one.get(30, TimeUnit.SECONDS);
      }
    }
    assertEquals(1, most.get());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCallOnATaskThatIsBeingCreatedWaitsForIt() throws Exception {
    // Given
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    runtime.before(method -> {
      if (method.equals("create")) {
        entered.countDown();
        await(goOn);
      }
    });
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      // When
      Future<?> creation = clients.submit(() -> create("c"));
      await(entered);
      Future<TaskView> look = clients.submit(() -> tasks.get(NAMESPACE, "c", ""));

      // Then
      assertEquals(List.of(), tasks.list(NAMESPACE));
      goOn.countDown();
      creation.get(30, TimeUnit.SECONDS);
      assertInstanceOf(ProcessStatus.Created.class, look.get(30, TimeUnit.SECONDS).status());
    }
  }

  @Test
  void anExitIsToldBeforeItsDeletionHoweverSoonThatComes() {
    for (int i = 0; i < 50; i++) {
      // Given
      log.clear();
      running("c");

      // When
      runtime.exit("default/c", "", i);
      tasks.delete(NAMESPACE, "c", "");

      // Then
      assertEquals(
          List.of("/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"),
          log.stream().filter(entry -> entry.startsWith("/")).toList());
    }
  }

  /** Whoever hears of the first process's end deletes the task, and would miss the other's. */
  @Test
  void theEndOfAnAddedProcessIsToldBeforeThatOfTheFirstOne() {
    for (int i = 0; i < 50; i++) {
      // Given
      running("c");
      tasks.exec(NAMESPACE, "c", "x", new byte[0], Stdio.NONE);
      tasks.exec(NAMESPACE, "c", "never-started", new byte[0], Stdio.NONE);
      tasks.start(NAMESPACE, "c", "x");
      exits.clear();

      // When
      runtime.exit("default/c", "", 0);
      runtime.exit("default/c", "x", 0);
      eventually(() -> exits.size() == 2);

      // Then
      assertEquals(List.of("x", "c"), exits);
      tasks.delete(NAMESPACE, "c", "");
    }
  }

  @Test
  void aProcessThatOutlivesTheFirstOneDoesNotHideItsEnd() {
    // Given
    running("c");
    tasks.exec(NAMESPACE, "c", "x", new byte[0], Stdio.NONE);
    tasks.start(NAMESPACE, "c", "x");

    // When
    runtime.exit("default/c", "", 0);

    // Then
    eventually(() -> exits.equals(List.of("c")));
  }

  @Test
  void aRunningProcessIsNotDeleted() {
    // Given
    running("c");

    // Then
    assertThrows(FailedPreconditionException.class, () -> tasks.delete(NAMESPACE, "c", ""));
    assertThrows(NotFoundException.class, () -> tasks.delete(NAMESPACE, "c", "x"));
    assertEquals(1, records.size());
  }

  @Test
  void aRuntimeThatDoesNotAnswerHidesNoTask() {
    // Given
    running("a");
    running("b");
    runtime.before(method -> {
      if (method.equals("status")) {
        throw new DeadlineExceededException("mute");
      }
    });

    // Then
    assertEquals(
        List.of("a Unknown", "b Unknown"),
        tasks.list(NAMESPACE).stream()
            .map(task -> task.containerId() + " " + task.status().getClass().getSimpleName())
            .toList());
  }

  @Test
  void aTaskOutlivesTheDaemonAndItsExitIsTold() throws Exception {
    // Given
    running("c");

    // When
    restart();
    log.clear();
    runtime.exit("default/c", "", 5);
    ExitStatus exit = tasks.await(NAMESPACE, "c", "");

    // Then
    assertEquals(5, exit.code());
    eventually(() -> log.contains("/tasks/exit"));
    tasks.delete(NAMESPACE, "c", "");
    assertEquals(Map.of(), records);
  }

  @Test
  void aCreationThatWasCutOffIsRolledBack() {
    // Given
    create("c");
    TaskRecord whole = records.get("c");
    records.put(
        "c",
        new TaskRecord(
            "c",
            whole.runtime(),
            whole.bundle(),
            whole.options(),
            whole.bootId(),
            whole.processes(),
            null,
            0));

    // When
    restart();

    // Then
    eventually(() -> records.isEmpty());
    assertEquals(List.of(), runtime.tasks());
    assertThrows(NotFoundException.class, () -> tasks.get(NAMESPACE, "c", ""));
  }

  @Test
  void aTaskOfAnEarlierBootIsForgotten() {
    // Given
    create("c");
    TaskRecord whole = records.get("c");
    records.put(
        "c",
        new TaskRecord(
            "c",
            whole.runtime(),
            whole.bundle(),
            whole.options(),
            "another boot",
            whole.processes(),
            whole.state(),
            0));

    // When
    restart();

    // Then
    eventually(() -> records.isEmpty());
    assertFalse(runtime.calls().contains("recover default/c"), () -> "" + runtime.calls());
  }

  @Test
  void aTaskThatItsRuntimeDoesNotTakeUpIsShownAndCanBeDeleted() {
    // Given
    running("c");
    runtime.before(method -> {
      if (method.equals("recover")) {
        throw new UnavailableException("its shim is gone");
      }
    });

    // When
    restart();

    // Then
    assertInstanceOf(ProcessStatus.Unknown.class, tasks.get(NAMESPACE, "c", "").status());

    // When
    int code = tasks.delete(NAMESPACE, "c", "").exit().code();

    // Then
    assertEquals(ExitStatus.UNKNOWN_CODE, code);
    assertEquals(Map.of(), records);
  }

  @Test
  void aTaskWhoseRuntimeIsNotThereIsKept() {
    // Given
    create("c");
    TaskRecord whole = records.get("c");
    records.put(
        "c",
        new TaskRecord(
            "c",
            "another",
            whole.bundle(),
            whole.options(),
            whole.bootId(),
            whole.processes(),
            whole.state(),
            0));

    // When
    restart();

    // Then
    assertEquals(1, records.size());
    assertThrows(NotFoundException.class, () -> tasks.get(NAMESPACE, "c", ""));
  }
}
