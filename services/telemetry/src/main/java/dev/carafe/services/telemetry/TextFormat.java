package dev.carafe.services.telemetry;

/** Writes Prometheus's text format (Prometheus documentation, "Exposition formats"). */
final class TextFormat {
  private final StringBuilder out;
  private String name = "";

  TextFormat(StringBuilder out) {
    this.out = out;
  }

  /** Begins a metric; its samples follow. */
  void family(String metric, String help, String type) {
    name = metric;
    out.append("# HELP ").append(metric).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(metric).append(' ').append(type).append('\n');
  }

  /**
   * A sample of the metric begun last.
   *
   * @param labels names and values in turn
   */
  void sample(double value, String... labels) {
    out.append(name).append('{');
    for (int i = 0; i < labels.length; i += 2) {
      out.append(i == 0 ? "" : ",").append(labels[i]).append("=\"");
      escaped(labels[i + 1]);
      out.append('"');
    }
    out.append("} ");
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      out.append((long) value);
    } else {
      out.append(value);
    }
    out.append('\n');
  }

  private void escaped(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '"' -> out.append("\\\"");
        case '\n' -> out.append("\\n");
        default -> out.append(c);
      }
    }
  }
}
