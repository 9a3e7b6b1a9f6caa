package dev.carafe.graph;

import java.util.List;
import java.util.Locale;

/**
 * A plugin to be drawn. Nothing in it is trusted.
 *
 * @param type its kind
 * @param requires kinds that have to be up before
 * @param wants kinds that are used where there are any
 * @param initMillis how long its creation took; negative if unknown
 * @param error why it does not run, or empty
 * @param jar where it comes from, or empty
 */
public record PluginNode(
    String type,
    String id,
    List<String> requires,
    List<String> wants,
    State state,
    double initMillis,
    String error,
    String jar) {
  public PluginNode {
    requires = List.copyOf(requires);
    wants = List.copyOf(wants);
  }

  /** Where a plugin stands. */
  public enum State {
    RUNNING,
    FAILED,
    DISABLED,
    /** Not created yet, or closed. */
    IDLE;

    /** As people read it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  String uri() {
    return type + "." + id;
  }

  /** {@code 0.4 ms}, {@code 12 ms}, {@code 1.3 s}; empty if unknown. */
  public String initTime() {
    if (!(initMillis >= 0)) {
      return "";
    }
    if (initMillis >= 1000) {
      return String.format(Locale.ROOT, "%.1f s", initMillis / 1000);
    }
    return String.format(Locale.ROOT, initMillis < 10 ? "%.1f ms" : "%.0f ms", initMillis);
  }

  /** All of it, a fact a line. */
  String description() {
    StringBuilder text = new StringBuilder(uri()).append('\n').append(state.word());
    if (!initTime().isEmpty()) {
      text.append(", created in ").append(initTime());
    }
    if (!error.isEmpty()) {
      text.append('\n').append(error);
    }
    line(text, "requires ", String.join(", ", requires));
    line(text, "wants ", String.join(", ", wants));
    line(text, "from ", jar);
    return text.toString();
  }

  private static void line(StringBuilder text, String head, String value) {
    if (!value.isEmpty()) {
      text.append('\n').append(head).append(value);
    }
  }
}
