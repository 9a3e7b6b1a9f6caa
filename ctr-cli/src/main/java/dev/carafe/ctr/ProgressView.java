package dev.carafe.ctr;

import dev.carafe.api.types.transfer.Progress;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a pull: bars that move on a terminal, a line for each step elsewhere. */
abstract sealed class ProgressView implements AutoCloseable {
  abstract void show(Progress step);

  @Override
  public abstract void close();

  static ProgressView of(PrintStream out, boolean quiet) {
    if (quiet) {
      return new Silent();
    }
    return System.console() != null && System.console().isTerminal() ? new Bars(out) : new Lines(out);
  }

  /** {@code layer-sha256:0123456789ab}: enough of a digest to know it by. */
  static String shortName(String name) {
    int colon = name.indexOf("sha256:");
    return colon >= 0 && name.length() > colon + 19 ? name.substring(0, colon + 19) : name;
  }

  private static final class Silent extends ProgressView {
    @Override
    void show(Progress step) {}

    @Override
    public void close() {}
  }

  /** One line when something changes its state. */
  static final class Lines extends ProgressView {
    private final PrintStream out;
    private final Map<String, String> states = new LinkedHashMap<>();

    Lines(PrintStream out) {
      this.out = out;
    }

    @Override
    synchronized void show(Progress step) {
      if (step.getName().isEmpty() || step.getEvent().equals(states.put(step.getName(), step.getEvent()))) {
        return;
      }
      String size = step.getTotal() > 0 ? "  " + Text.size(step.getTotal()) : "";
      out.println(shortName(step.getName()) + ": " + step.getEvent() + size);
      out.flush();
    }

    @Override
    public void close() {}
  }

  /** All pieces, redrawn in place at most ten times a second. */
  static final class Bars extends ProgressView {
    private static final int WIDTH = 30;
    private static final long EVERY_NANOS = 100_000_000;

    private final PrintStream out;
    private final Map<String, Progress> steps = new LinkedHashMap<>();
    private final long began = System.nanoTime();
    private int drawn;
    private long lastDraw;
    private @Nullable String last;

    Bars(PrintStream out) {
      this.out = out;
    }

    @Override
    synchronized void show(Progress step) {
      if (step.getName().isEmpty()) {
        return;
      }
      boolean changed = !step.getEvent().equals(last);
      last = step.getEvent();
      steps.put(step.getName(), step);
      if (changed || System.nanoTime() - lastDraw > EVERY_NANOS) {
        draw();
      }
    }

    private void draw() {
      lastDraw = System.nanoTime();
      StringBuilder screen = new StringBuilder();
      if (drawn > 0) {
        screen.append("\033[").append(drawn).append('A');
      }
      long bytes = 0;
      for (Progress step : steps.values()) {
        bytes += step.getEvent().equals("already exists") ? 0 : step.getProgress();
        screen.append("\033[2K").append(line(step)).append('\n');
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      screen
          .append("\033[2K")
          .append(String.format(java.util.Locale.ROOT, "%.1f s  %s  (%s/s)%n", seconds, Text.size(bytes), Text.size((long) (bytes / Math.max(seconds, 0.001)))));
      drawn = steps.size() + 1;
      out.print(screen);
      out.flush();
    }

    static String line(Progress step) {
      long total = Math.max(step.getTotal(), 1);
      boolean whole =
          step.getEvent().equals("complete") || step.getEvent().equals("already exists") || step.getEvent().equals("saved");
      int filled = whole ? WIDTH : (int) Math.min(WIDTH, step.getProgress() * WIDTH / total);
      String bar = "█".repeat(filled) + "·".repeat(WIDTH - filled);
      String size = step.getTotal() > 0 ? Text.size(step.getProgress()) + "/" + Text.size(step.getTotal()) : "";
      return String.format("%-28s %-15s |%s| %s", shortName(step.getName()), step.getEvent(), bar, size);
    }

    @Override
    public synchronized void close() {
      if (!steps.isEmpty()) {
        draw();
      }
    }
  }
}
