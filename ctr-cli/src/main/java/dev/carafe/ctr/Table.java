package dev.carafe.ctr;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a command lists: columns for people, objects for programs, names for scripts. */
final class Table {
  private final List<String[]> rows = new ArrayList<>();
  private final List<Map<String, Object>> objects = new ArrayList<>();

  Table(String... header) {
    rows.add(header);
  }

  /**
   * Adds a row; an empty cell is shown as a dash.
   *
   * @param object the same as JSON
   * @param cells the name first
   */
  void row(Map<String, Object> object, String... cells) {
    String[] shown = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      shown[i] = cells[i].isEmpty() ? "-" : Text.printable(cells[i]);
    }
    rows.add(shown);
    objects.add(object);
  }

  /** Prints as {@code --format} and {@code --quiet} say. */
  void print(Session session) {
    Output out = session.out();
    if (session.json()) {
      out.println(Text.json(objects));
    } else if (session.arguments().has("quiet")) {
      rows.subList(1, rows.size()).forEach(row -> out.println(row[0]));
    } else {
      columns(out);
    }
  }

  private void columns(Output out) {
    int[] widths = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length - 1; i++) {
        line.append(Text.padded(row[i], widths[i] + 2));
      }
      out.println(line.append(row[row.length - 1]));
    }
  }
}
