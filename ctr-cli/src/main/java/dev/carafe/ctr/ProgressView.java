package dev.carafe.ctr;

import dev.carafe.api.types.transfer.Progress;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Terminal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Shows a pull: bars that move on a terminal, a line for each step elsewhere. */
abstract sealed class ProgressView implements AutoCloseable {
  private static final int DIGEST = "sha256:0123456789ab".length();
  private static final Set<String> DONE =
      Set.of("complete", "already exists", "saved", "unpacked", "pushed content");

  abstract void show(Progress step);

  @Override
  public void close() {}

  static ProgressView of(Output out, boolean quiet) {
    return quiet ? new Silent() : Text.isTerminal(1) ? new Bars(out) : new Lines(out);
  }

  /** {@code layer-sha256:0123456789ab}: enough of a digest to know it by. */
  static String shortName(String name) {
    int colon = name.indexOf("sha256:");
    boolean cut = colon >= 0 && name.length() > colon + DIGEST;
    return Text.printable(cut ? name.substring(0, colon + DIGEST) : name);
  }

  private static String event(Progress step) {
    return Text.printable(step.getEvent());
  }

  private static final class Silent extends ProgressView {
    @Override
    void show(Progress step) {}
  }

  /** One line when something changes its state. */
  static final class Lines extends ProgressView {
    private final Output out;
    private final Map<String, String> states = new HashMap<>();

    Lines(Output out) {
      this.out = out;
    }

    @Override
    void show(Progress step) {
      if (step.getName().isEmpty()
          || step.getEvent().equals(states.put(step.getName(), step.getEvent()))) {
        return;
      }
      String size = step.getTotal() > 0 ? "  " + Text.size(step.getTotal()) : "";
      out.println(shortName(step.getName()) + ": " + event(step) + size);
      out.flush();
    }
  }

  /**
   * All pieces, redrawn in place at most ten times a second. Where the terminal is too low for all,
   * those that are done give way.
   */
  static final class Bars extends ProgressView {
    private static final long EVERY_NANOS = 100_000_000;
    private static final int WIDTH = 18;

    private final Output out;
    private final Map<String, Progress> steps = new LinkedHashMap<>();
    private final long began = System.nanoTime();
    private Terminal.Size size = new Terminal.Size(24, 80);
    private boolean measured;
    private int drawn;
    private long lastDraw;

    Bars(Output out) {
      this.out = out;
    }

    @Override
    synchronized void show(Progress step) {
      if (step.getName().isEmpty()) {
        return;
      }
      Progress before = steps.put(step.getName(), step);
      boolean changed = before == null || !before.getEvent().equals(step.getEvent());
      if (changed || System.nanoTime() - lastDraw > EVERY_NANOS) {
        draw();
      }
    }

    private void draw() {
      measure();
      lastDraw = System.nanoTime();
      StringBuilder screen = new StringBuilder();
      if (drawn > 0) {
        screen.append("\033[").append(drawn).append('A');
      }
      List<String> lines = lines(steps.values(), size.rows() - 2);
      lines.add(total((lastDraw - began) / 1e9));
      for (String line : lines) {
        String cut = line.substring(0, Math.min(line.length(), size.columns() - 1));
        screen.append("\033[2K").append(cut).append('\n');
      }
      // What is left of a longer screen goes.
      out.print(screen.append("\033[J"));
      out.flush();
      drawn = lines.size();
    }

    /** Once: a terminal that changes its size meanwhile only looks less tidy. */
    private void measure() {
      if (measured) {
        return;
      }
      measured = true;
      try {
        Terminal.Size found = Terminal.size(Fd.borrow(1));
        if (found.columns() > 0 && found.rows() > 0) {
          size = found;
        }
      } catch (ErrnoException e) {
        // No size is known: the usual one.
      }
    }

    static List<String> lines(Iterable<Progress> steps, int most) {
      List<Progress> shown = new ArrayList<>();
      steps.forEach(shown::add);
      for (int i = 0; i < shown.size() && shown.size() > Math.max(1, most); ) {
        if (DONE.contains(shown.get(i).getEvent())) {
          shown.remove(i);
        } else {
          i++;
        }
      }
      List<String> lines = new ArrayList<>();
      for (Progress step : shown.subList(0, Math.min(shown.size(), Math.max(1, most)))) {
        lines.add(line(step));
      }
      return lines;
    }

    static String line(Progress step) {
      String text = Text.padded(shortName(step.getName()), 28) + " " + event(step);
      long total = step.getTotal();
      if (total <= 0) {
        return text;
      }
      long done = DONE.contains(step.getEvent()) ? total : Math.clamp(step.getProgress(), 0, total);
      int filled = (int) ((double) done / total * WIDTH);
      String bar = "█".repeat(filled) + "·".repeat(WIDTH - filled);
      return Text.padded(text, 43) + " " + bar + " " + Text.size(done) + "/" + Text.size(total);
    }

    private String total(double seconds) {
      long bytes = 0;
      for (Progress step : steps.values()) {
        bytes += step.getEvent().equals("already exists") ? 0 : step.getProgress();
      }
      long tenths = Math.round(seconds * 10);
      String rate = Text.size((long) (bytes / Math.max(seconds, 0.001)));
      return tenths / 10 + "." + tenths % 10 + " s  " + Text.size(bytes) + "  (" + rate + "/s)";
    }

    @Override
    public synchronized void close() {
      if (!steps.isEmpty()) {
        draw();
      }
    }
  }
}
