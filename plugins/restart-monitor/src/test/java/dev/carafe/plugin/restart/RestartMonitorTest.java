package dev.carafe.plugin.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RestartMonitorTest {
  private static final Namespace NAMESPACE = new Namespace("ns");
  private static final Workload ONE = new Workload(NAMESPACE, "one");
  private static final ProcessStatus RUNNING = new ProcessStatus.Running(1);
  private static final ProcessStatus ENDED =
      new ProcessStatus.Stopped(1, new ProcessStatus.ExitStatus(1, Instant.EPOCH, false));

  private static final Duration NEVER = Duration.ofHours(1);
  private static final Duration SOON = Duration.ofMillis(100);

  private final Fake fake = new Fake();
  private @Nullable RestartMonitor monitor;

  /** Containers with the status that a test gives them. */
  private static final class Fake implements Workloads, Workloads.Exits {
    final Map<Workload, Container> containers = new ConcurrentHashMap<>();
    final Map<Workload, ProcessStatus> statuses = new ConcurrentHashMap<>();
    final LinkedBlockingQueue<Workload> exits = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();
    final AtomicInteger looks = new AtomicInteger();
    volatile boolean failing;

    void add(Workload workload, @Nullable ProcessStatus status, String... labels) {
      Map<String, String> all = new ConcurrentHashMap<>();
      for (int i = 0; i < labels.length; i += 2) {
        all.put(labels[i], labels[i + 1]);
      }
      set(workload, status);
      containers.put(
          workload,
          new Container(
              workload.id(),
              all,
              "",
              new Container.Runtime("runc", null),
              null,
              "",
              "",
              Map.of(),
              "",
              Instant.EPOCH,
              Instant.EPOCH));
    }

    void set(Workload workload, @Nullable ProcessStatus status) {
      if (status == null) {
        statuses.remove(workload);
      } else {
        statuses.put(workload, status);
      }
    }

    @Override
    public Map<Workload, Container> watched() {
      Map<Workload, Container> watched = new ConcurrentHashMap<>(containers);
      watched.values().removeIf(container -> !Workloads.isWatched(container));
      return watched;
    }

    @Override
    public @Nullable Container find(Workload workload) {
      return containers.get(workload);
    }

    @Override
    public @Nullable ProcessStatus status(Workload workload) {
      looks.incrementAndGet();
      return statuses.get(workload);
    }

    @Override
    public void restart(Workload workload, Container container) {
      if (failing) {
        done.add("failed " + workload.id());
        throw new UnavailableException("no luck");
      }
      set(workload, RUNNING);
      done.add("restart " + workload.id());
    }

    @Override
    public void settle(Workload workload) {
      done.add("settle " + workload.id());
    }

    @Override
    public void stop(Workload workload) {
      set(workload, ENDED);
      done.add("stop " + workload.id());
    }

    @Override
    public @Nullable List<Workload> next() throws InterruptedException {
      Workload workload = exits.poll(1, TimeUnit.SECONDS);
      return workload == null ? List.of() : List.of(workload);
    }

    @Override
    public void close() {}

    String awaitDone() throws InterruptedException {
      String what = done.poll(30, TimeUnit.SECONDS);
      return what == null ? "nothing" : what;
    }
  }

  private void start(Duration interval) {
    monitor =
        new RestartMonitor(
            fake, fake, new RestartMonitorConfig(interval, SOON, Duration.ofMillis(200), NEVER));
  }

  @AfterEach
  void close() {
    if (monitor != null) {
      monitor.close();
    }
  }

  @Test
  void whatEndedIsRestartedAfterItsExitWithoutWaitingForTheInterval() throws Exception {
    fake.add(ONE, RUNNING, RestartLabels.STATUS, "running");
    start(NEVER);
    fake.set(ONE, ENDED);
    fake.exits.add(ONE);

    assertEquals("restart one", fake.awaitDone());
  }

  @Test
  void anExitThatNobodyToldIsSeenAtTheNextInterval() throws Exception {
    fake.add(ONE, RUNNING, RestartLabels.STATUS, "running");
    start(SOON);
    fake.set(ONE, ENDED);

    assertEquals("restart one", fake.awaitDone());
  }

  @Test
  void whatEndedOrWentWhileTheDaemonWasAwayIsRestartedAtOnce() throws Exception {
    fake.add(ONE, null, RestartLabels.STATUS, "running");
    start(NEVER);

    assertEquals("restart one", fake.awaitDone());
  }

  @Test
  void aContainerThatAClientIsAtWorkOnIsLeftToIt() throws Exception {
    fake.add(new Workload(NAMESPACE, "other"), RUNNING, RestartLabels.STATUS, "running");
    start(NEVER);
    awaitLooks(1);
    fake.add(ONE, null, RestartLabels.STATUS, "running");
    fake.exits.add(ONE);

    awaitLooks(2);
    assertNull(fake.done.poll(300, TimeUnit.MILLISECONDS));
  }

  @Test
  void whatStaysWithoutATaskIsStartedAtTheSecondInterval() throws Exception {
    fake.add(new Workload(NAMESPACE, "other"), RUNNING, RestartLabels.STATUS, "running");
    start(SOON);
    awaitLooks(1);
    fake.add(ONE, new ProcessStatus.Created(1), RestartLabels.STATUS, "running");

    assertEquals("restart one", fake.awaitDone());
  }

  @Test
  void aCrashLoopIsSlowedDown() throws Exception {
    fake.add(ONE, ENDED, RestartLabels.STATUS, "running");
    start(NEVER);
    assertEquals("restart one", fake.awaitDone());
    long first = System.nanoTime();
    fake.set(ONE, ENDED);
    fake.exits.add(ONE);
    assertEquals("restart one", fake.awaitDone());

    assertTrue(System.nanoTime() - first >= 200_000_000L);
  }

  @Test
  void aRestartThatFailsIsTriedAgain() throws Exception {
    fake.failing = true;
    fake.add(ONE, ENDED, RestartLabels.STATUS, "running");
    start(NEVER);
    assertEquals("failed one", fake.awaitDone());
    fake.set(ONE, null);
    fake.failing = false;

    String next = fake.awaitDone();
    while (next.equals("failed one")) {
      next = fake.awaitDone();
    }
    assertEquals("restart one", next);
  }

  @Test
  void aContainerThatRunsIsNoLongerMarkedAsBeingRestarted() throws Exception {
    fake.add(ONE, RUNNING, RestartLabels.STATUS, "running", RestartLabels.PENDING, "true");
    start(NEVER);

    assertEquals("settle one", fake.awaitDone());
  }

  @Test
  void whatIsToBeStoppedIsStopped() throws Exception {
    fake.add(ONE, RUNNING, RestartLabels.STATUS, "stopped");
    start(NEVER);

    assertEquals("stop one", fake.awaitDone());
  }

  @Test
  void aPolicyThatNobodyCanReadStopsNothingElse() throws Exception {
    fake.add(ONE, ENDED, RestartLabels.STATUS, "running", RestartLabels.POLICY, "sometimes");
    fake.add(new Workload(NAMESPACE, "two"), ENDED, RestartLabels.STATUS, "running");
    start(NEVER);

    assertEquals("restart two", fake.awaitDone());
    assertNull(fake.done.poll(200, TimeUnit.MILLISECONDS));
  }

  @Test
  void othersContainersAreNotLookedAt() throws Exception {
    fake.add(ONE, ENDED);
    start(NEVER);
    fake.exits.add(ONE);

    assertNull(fake.done.poll(300, TimeUnit.MILLISECONDS));
    assertEquals(0, fake.looks.get());
  }

  private void awaitLooks(int count) throws InterruptedException {
    long end = System.nanoTime() + 20_000_000_000L;
    while (fake.looks.get() < count && System.nanoTime() < end) {
      LockSupport.parkNanos(5_000_000);
    }
    assertTrue(fake.looks.get() >= count);
  }
}
