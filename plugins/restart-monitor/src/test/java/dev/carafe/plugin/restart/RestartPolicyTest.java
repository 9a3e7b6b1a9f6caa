package dev.carafe.plugin.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.plugin.restart.RestartPolicy.Decision;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RestartPolicyTest {
  private static final ProcessStatus RUNNING = new ProcessStatus.Running(7);

  private static ProcessStatus exited(int code) {
    return new ProcessStatus.Stopped(7, new ProcessStatus.ExitStatus(code, Instant.EPOCH, false));
  }

  private static Decision decide(String policy, @Nullable ProcessStatus status, String... further) {
    Map<String, String> labels = new HashMap<>();
    labels.put(RestartLabels.STATUS, "running");
    labels.put(RestartLabels.POLICY, policy);
    for (int i = 0; i < further.length; i += 2) {
      labels.put(further[i], further[i + 1]);
    }
    return RestartPolicy.decide(labels, status);
  }

  @Test
  void withoutTheStatusLabelNothingIsDone() {
    Map<String, String> labels = Map.of(RestartLabels.POLICY, "always");
    assertEquals(Decision.NOTHING, RestartPolicy.decide(labels, exited(1)));
    assertEquals(
        Decision.NOTHING, RestartPolicy.decide(Map.of(RestartLabels.STATUS, "dancing"), exited(1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "always"})
  void alwaysMeansAfterEveryExit(String policy) {
    assertEquals(Decision.START, decide(policy, exited(0)));
    assertEquals(Decision.START, decide(policy, exited(9)));
    assertEquals(Decision.START, decide(policy, null));
  }

  @Test
  void whatRunsOrCannotBeToldIsLeftAlone() {
    for (ProcessStatus status :
        List.of(
            RUNNING,
            new ProcessStatus.Pausing(7),
            new ProcessStatus.Paused(7),
            new ProcessStatus.Unknown(7))) {
      assertEquals(Decision.NOTHING, decide("always", status), status.toString());
    }
  }

  @Test
  void onFailureMeansNotAfterZero() {
    assertEquals(Decision.NOTHING, decide("on-failure", exited(0)));
    assertEquals(Decision.START, decide("on-failure", exited(1)));
    assertEquals(Decision.NOTHING, decide("on-failure", null));
  }

  @Test
  void aRestartThatWasCutOffIsTakenUp() {
    for (ProcessStatus status : new ProcessStatus[] {null, new ProcessStatus.Created(7)}) {
      assertEquals(
          Decision.START,
          decide("on-failure:3", status, RestartLabels.PENDING, "true", RestartLabels.COUNT, "3"));
    }
    assertEquals(Decision.NOTHING, decide("on-failure", RUNNING, RestartLabels.PENDING, "true"));
    assertEquals(Decision.NOTHING, decide("on-failure", exited(0), RestartLabels.PENDING, "true"));
  }

  @Test
  void onFailureMayHaveALimit() {
    assertEquals(Decision.START, decide("on-failure:3", exited(1), RestartLabels.COUNT, "2"));
    assertEquals(Decision.NOTHING, decide("on-failure:3", exited(1), RestartLabels.COUNT, "3"));
    assertEquals(Decision.START, decide("on-failure:0", exited(1), RestartLabels.COUNT, "300"));
    assertEquals(Decision.START, decide("on-failure:1", exited(1), RestartLabels.COUNT, "x"));
  }

  @Test
  void unlessStoppedAsksWhoStoppedIt() {
    assertEquals(Decision.START, decide("unless-stopped", exited(0)));
    assertEquals(
        Decision.NOTHING,
        decide("unless-stopped", exited(0), RestartLabels.EXPLICITLY_STOPPED, "true"));
    assertEquals(
        Decision.START,
        decide("unless-stopped", exited(0), RestartLabels.EXPLICITLY_STOPPED, "false"));
  }

  @Test
  void noMeansNever() {
    assertEquals(Decision.NOTHING, decide("no", exited(1)));
  }

  @Test
  void whatIsToBeStoppedIsStopped() {
    Map<String, String> labels = Map.of(RestartLabels.STATUS, "stopped");
    assertEquals(Decision.STOP, RestartPolicy.decide(labels, RUNNING));
    assertEquals(Decision.NOTHING, RestartPolicy.decide(labels, exited(0)));
    assertEquals(Decision.NOTHING, RestartPolicy.decide(labels, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Always",
        "on-failure:",
        "on-failure:-1",
        "on-failure:x",
        "always:3",
        "on-failure:9999999999"
      })
  void whatIsNoPolicyIsRefused(String policy) {
    assertThrows(InvalidArgumentException.class, () -> decide(policy, exited(1)));
  }
}
