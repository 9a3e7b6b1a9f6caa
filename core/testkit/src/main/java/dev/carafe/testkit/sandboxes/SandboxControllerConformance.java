package dev.carafe.testkit.sandboxes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link SandboxController} as tests. Subclass it and say how to open yours. Every
 * check has an id that is never used for another; each fails, too, if it leaves a mount, an open
 * file or a thread behind.
 */
@ExtendWith(LeakCheck.class)
public abstract class SandboxControllerConformance {
  private static final SandboxKey KEY = new SandboxKey("testing", "one");
  private static final Duration GRACE = Duration.ofSeconds(1);

  private WorkDirectory work;
  private SandboxController controller;

  /** How to open the controller under test. */
  protected abstract SandboxControllerHarness harness();

  @BeforeEach
  void open(WorkDirectory work) {
    this.work = work;
    controller = harness().open(work.path());
    // What a failed check leaves is not the next one's.
    work.closeLater(() -> {
      for (SandboxKey key : List.of(KEY, other())) {
        try {
          controller.shutdown(key);
        } catch (NotFoundException e) {
          // As it should be.
        }
      }
    });
  }

  private static SandboxKey other() {
    return new SandboxKey("elsewhere", "one");
  }

  private void create(SandboxKey key) {
    controller.create(harness().request(key));
  }

  @Test
  @DisplayName("SANDBOX-LIFE-01 from created to shut down")
  void life() throws Exception {
    create(KEY);
    assertEquals(SandboxStatus.NOT_READY, controller.status(KEY, true).state());
    assertNotNull(controller.start(KEY).createdAt());
    SandboxStatus running = controller.status(KEY, true);
    assertEquals(SandboxStatus.READY, running.state());
    assertNull(running.exitedAt());
    assertNotNull(controller.platform(KEY).os());
    controller.stop(KEY, GRACE);
    SandboxStatus stopped = controller.status(KEY, false);
    assertEquals(SandboxStatus.NOT_READY, stopped.state());
    assertEquals(stopped.exitedAt(), controller.await(KEY).exitedAt());
    controller.shutdown(KEY);
    assertUnknown(KEY);
  }

  @Test
  @DisplayName("SANDBOX-LIFE-02 shutdown ends what runs")
  void shutdownEnds() {
    create(KEY);
    controller.start(KEY);
    controller.shutdown(KEY);
    assertUnknown(KEY);
  }

  @Test
  @DisplayName("SANDBOX-LIFE-03 a name can be used again")
  void nameIsFree() {
    create(KEY);
    controller.shutdown(KEY);
    create(KEY);
    controller.start(KEY);
  }

  @Test
  @DisplayName("SANDBOX-LIFE-04 stop is idempotent")
  void stopTwice() throws Exception {
    create(KEY);
    controller.start(KEY);
    controller.stop(KEY, GRACE);
    SandboxExit exit = controller.await(KEY);
    controller.stop(KEY, GRACE);
    assertEquals(exit, controller.await(KEY));
  }

  @Test
  @DisplayName("SANDBOX-LIFE-05 namespaces are apart")
  void namespacesAreApart() {
    create(KEY);
    create(other());
    controller.shutdown(KEY);
    assertEquals(SandboxStatus.NOT_READY, controller.status(other(), false).state());
  }

  @Test
  @DisplayName("SANDBOX-WAIT-01 a waiter sees the end, and an interrupt ends a wait")
  void waiting() throws Exception {
    create(KEY);
    controller.start(KEY);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<SandboxExit> first = threads.submit(() -> controller.await(KEY));
      Future<SandboxExit> second = threads.submit(() -> controller.await(KEY));
      second.cancel(true);
      controller.stop(KEY, GRACE);
      assertEquals(controller.await(KEY), first.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  @DisplayName("SANDBOX-CONC-01 of racing creations one wins")
  void racingCreations() {
    List<Callable<Boolean>> calls =
        Collections.nCopies(
            8,
            () -> {
              create(KEY);
              return true;
            });
    List<Race.Outcome<Boolean>> outcomes = Race.run(calls);
    assertEquals(1, outcomes.stream().filter(Race.Outcome::succeeded).count());
  }

  @Test
  @DisplayName("SANDBOX-RECO-01 a new daemon knows what runs and what has ended")
  void restart() throws Exception {
    assumeTrue(harness().survivesRestart());
    create(KEY);
    controller.start(KEY);
    create(other());
    controller.start(other());
    controller.stop(other(), GRACE);
    SandboxExit exit = controller.await(other());
    controller = harness().open(work.path());
    assertEquals(SandboxStatus.READY, controller.status(KEY, false).state());
    assertEquals(exit, controller.await(other()));
    assertThrows(FailedPreconditionException.class, () -> controller.start(KEY));
    controller.stop(KEY, GRACE);
    assertEquals(0, controller.await(KEY).code());
  }

  @Test
  @DisplayName("SANDBOX-FAIL-01 what is documented is refused as documented")
  void refusals() {
    assertUnknown(KEY);
    create(KEY);
    assertEquals(
        "sandbox \"one\": already exists",
        assertThrows(AlreadyExistsException.class, () -> create(KEY)).getMessage());
    controller.start(KEY);
    assertThrows(FailedPreconditionException.class, () -> controller.start(KEY));
    assertThrows(AlreadyExistsException.class, () -> create(KEY));
    assertEquals(SandboxStatus.READY, controller.status(KEY, false).state());
  }

  private void assertUnknown(SandboxKey key) {
    for (Callable<?> call :
        List.<Callable<?>>of(
            () -> controller.start(key),
            () -> controller.platform(key),
            () -> {
              controller.stop(key, GRACE);
              return true;
            },
            () -> controller.await(key),
            () -> controller.status(key, false),
            () -> controller.metrics(key),
            () -> {
              controller.shutdown(key);
              return true;
            })) {
      NotFoundException refused = assertThrows(NotFoundException.class, call::call);
      assertEquals("sandbox \"" + key.id() + "\": not found", refused.getMessage());
    }
  }
}
