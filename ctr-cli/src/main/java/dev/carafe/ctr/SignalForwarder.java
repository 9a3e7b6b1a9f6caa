package dev.carafe.ctr;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Signals for this program go to the process that it stands for. One that comes before the process
 * runs is kept for it. A first process of a container may ignore them, so the third request to end
 * becomes SIGKILL, and the fourth ends this program.
 */
final class SignalForwarder implements AutoCloseable {
  private static final List<String> FORWARDED = List.of("HUP", "INT", "TERM", "USR1", "USR2");
  private static final int PATIENCE = 3;

  private final IntConsumer kill;
  private final Runnable abandon;
  private final Map<Signal, SignalHandler> former = new HashMap<>();
  private boolean running;
  private int kept;
  private int requests;

  /**
   * Forwards nothing yet.
   *
   * @param kill sends a signal to the process
   * @param abandon ends this program
   */
  SignalForwarder(IntConsumer kill, Runnable abandon) {
    this.kill = kill;
    this.abandon = abandon;
  }

  void install() {
    for (String name : FORWARDED) {
      int number = Signals.number(name);
      handle(name, ignored -> forward(number));
    }
  }

  void onResize(Runnable action) {
    handle("WINCH", ignored -> action.run());
  }

  private void handle(String name, SignalHandler handler) {
    try {
      Signal signal = new Signal(name);
      former.putIfAbsent(signal, Signal.handle(signal, handler));
    } catch (IllegalArgumentException e) {
      // The virtual machine needs it for itself.
    }
  }

  void forward(int signal) {
    boolean request = signal == Signals.number("INT") || signal == Signals.number("TERM");
    int count;
    synchronized (this) {
      count = request ? ++requests : 0;
      if (!running && count < PATIENCE) {
        kept = signal;
        return;
      }
    }
    if (count < PATIENCE) {
      kill.accept(signal);
    } else if (count == PATIENCE && running) {
      kill.accept(Signals.number("KILL"));
    } else {
      abandon.run();
    }
  }

  /** Whether a signal was kept that asks for an end. */
  synchronized boolean endRequested() {
    return requests > 0;
  }

  /** The process runs: it gets what was kept. */
  void deliver() {
    int signal;
    synchronized (this) {
      running = true;
      signal = kept;
    }
    if (signal != 0) {
      kill.accept(signal);
    }
  }

  /** Signals mean what they meant before. */
  @Override
  public void close() {
    former.forEach(Signal::handle);
    former.clear();
  }
}
