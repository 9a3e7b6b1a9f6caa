package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import sun.misc.Signal;

class SignalForwarderTest {
  private static final int HUP = 1;
  private static final int INT = 2;
  private static final int KILL = 9;
  private static final int TERM = 15;

  private final List<Integer> sent = new ArrayList<>();
  private final List<String> abandoned = new ArrayList<>();
  private final SignalForwarder signals =
      new SignalForwarder(sent::add, () -> abandoned.add("abandoned"));

  @Test
  void signalIsPassedOn() {
    signals.deliver();
    signals.forward(TERM);
    signals.forward(HUP);

    assertEquals(List.of(TERM, HUP), sent);
  }

  @Test
  void signalBeforeTheProcessRunsIsKeptForIt() {
    signals.forward(HUP);
    assertFalse(signals.endRequested());
    signals.forward(TERM);
    assertTrue(signals.endRequested());
    assertEquals(List.of(), sent);

    signals.deliver();

    assertEquals(List.of(TERM), sent);
  }

  @Test
  void thirdRequestKillsAndFourthGivesUp() {
    signals.deliver();
    signals.forward(INT);
    signals.forward(TERM);
    signals.forward(INT);
    assertEquals(List.of(INT, TERM, KILL), sent);
    assertEquals(List.of(), abandoned);

    signals.forward(INT);

    assertEquals(List.of("abandoned"), abandoned);
  }

  @Test
  void thirdRequestGivesUpWhereNothingRuns() {
    signals.forward(INT);
    signals.forward(INT);
    signals.forward(INT);

    assertEquals(List.of("abandoned"), abandoned);
    assertEquals(List.of(), sent);
  }

  @Test
  void realSignalIsCaughtUntilClosed() throws Exception {
    CountDownLatch caught = new CountDownLatch(1);
    signals.onResize(caught::countDown);

    Signal.raise(new Signal("WINCH"));

    assertTrue(caught.await(20, TimeUnit.SECONDS));
    signals.close();
    // Java refuses to raise a signal that nobody in it handles.
    assertThrows(IllegalArgumentException.class, () -> Signal.raise(new Signal("WINCH")));
  }
}
