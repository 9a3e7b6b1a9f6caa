package dev.carafe.graph;

import dev.carafe.graph.KindGraph.Edge;
import dev.carafe.graph.KindGraph.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where everything is: a column for each level, within a column an order with few crossings, and a
 * way through the columns for lines that span several. What stands alone is below, in rows.
 */
final class Layout {
  static final int CARD_WIDTH = 198;
  static final int HEAD = 28;
  static final int ROW = 18;
  static final int ERROR_ROW = 14;
  static final int FOOT = 7;
  private static final int GAP_X = 44;
  private static final int GAP_Y = 14;
  private static final int MARGIN = 16;
  private static final int TOP = 52;
  private static final int ALONE_GAP = 44;
  private static final int SWEEPS = 12;

  private final List<List<Item>> columns = new ArrayList<>();
  private final Map<String, Item> cards = new LinkedHashMap<>();
  private final List<Line> lines = new ArrayList<>();
  private int aloneTop;
  private int width;
  private int height;

  private Layout() {}

  /** Something that takes room in a column: a card, or the way of a line through it. */
  static final class Item {
    final Kind kind;
    final int height;
    final boolean way;
    final List<Item> before = new ArrayList<>();
    final List<Item> after = new ArrayList<>();
    int x;
    double y;

    private Item(Kind kind, boolean way) {
      this.kind = kind;
      this.way = way;
      this.height = way ? 8 : cardHeight(kind);
    }

    private double middle() {
      return y + height / 2.0;
    }
  }

  /** A line, as the items that it goes through. */
  record Line(Edge edge, List<Item> way) {}

  /** A point of a line. */
  record Point(double x, double y) {}

  static int cardHeight(Kind kind) {
    long errors = kind.plugins().stream().filter(plugin -> !plugin.error().isEmpty()).count();
    return HEAD + kind.plugins().size() * ROW + (int) errors * ERROR_ROW + FOOT;
  }

  static Layout of(KindGraph graph) {
    Layout layout = new Layout();
    List<Kind> alone = new ArrayList<>();
    for (Kind kind : graph.kinds()) {
      if (kind.level() < 0) {
        alone.add(kind);
      } else {
        layout.cards.put(kind.name(), layout.add(kind, kind.level(), false));
      }
    }
    graph.edges().forEach(layout::route);
    layout.order();
    layout.place();
    layout.placeAlone(alone);
    return layout;
  }

  Map<String, Item> cards() {
    return cards;
  }

  List<Line> lines() {
    return lines;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** Where what stands alone begins; 0 if nothing does. */
  int aloneTop() {
    return aloneTop;
  }

  private Item add(Kind kind, int level, boolean way) {
    while (columns.size() <= level) {
      columns.add(new ArrayList<>());
    }
    Item item = new Item(kind, way);
    item.x = MARGIN + level * (CARD_WIDTH + GAP_X);
    columns.get(level).add(item);
    return item;
  }

  private void route(Edge edge) {
    Item from = card(edge.from());
    Item to = card(edge.to());
    List<Item> way = new ArrayList<>(List.of(from));
    for (int level = from.kind.level() + 1; level < to.kind.level(); level++) {
      way.add(add(from.kind, level, true));
    }
    way.add(to);
    for (int i = 1; i < way.size(); i++) {
      way.get(i - 1).after.add(way.get(i));
      way.get(i).before.add(way.get(i - 1));
    }
    lines.add(new Line(edge, way));
  }

  private Item card(String kind) {
    Item card = cards.get(kind);
    if (card == null) {
      throw new IllegalStateException("a line to " + kind + ", which stands alone");
    }
    return card;
  }

  /** Sorts each column by where its neighbours are, from the left and from the right in turns. */
  private void order() {
    columns.forEach(Layout::stack);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      boolean forward = sweep % 2 == 0;
      for (List<Item> column : forward ? columns : columns.reversed()) {
        Map<Item, Double> wish = new HashMap<>();
        column.forEach(
            item -> wish.put(item, mean(forward ? item.before : item.after, item.middle())));
        column.sort(Comparator.comparingDouble(wish::get));
        stack(column);
      }
    }
  }

  private static void stack(List<Item> column) {
    double y = 0;
    double all = column.stream().mapToDouble(item -> item.height + GAP_Y).sum();
    for (Item item : column) {
      item.y = y - all / 2;
      y += item.height + GAP_Y;
    }
  }

  private static double mean(List<Item> neighbours, double otherwise) {
    return neighbours.stream().mapToDouble(Item::middle).average().orElse(otherwise);
  }

  /** Moves each item towards its neighbours as far as the order and the tallest column allow. */
  private void place() {
    double tallest =
        columns.stream()
            .mapToDouble(
                column -> column.stream().mapToDouble(item -> item.height + GAP_Y).sum() - GAP_Y)
            .max()
            .orElse(0);
    columns.forEach(column -> column.forEach(item -> item.y += tallest / 2));
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      for (List<Item> column : sweep % 2 == 0 ? columns : columns.reversed()) {
        for (Item item : column) {
          List<Item> neighbours = new ArrayList<>(item.before);
          neighbours.addAll(item.after);
          item.y = mean(neighbours, item.middle()) - item.height / 2.0;
        }
        settle(column, tallest);
      }
    }
    columns.forEach(column -> column.forEach(item -> item.y = Math.round(item.y + TOP)));
    width = 2 * MARGIN + Math.max(1, columns.size()) * (CARD_WIDTH + GAP_X) - GAP_X;
    height = (int) Math.ceil(tallest) + TOP + MARGIN;
  }

  /**
   * Makes room between items. Half way between pushing them down from the top and up from the
   * bottom: either keeps the order, the gaps and the bounds, and so does their mean.
   */
  private static void settle(List<Item> column, double tallest) {
    double[] down = new double[column.size()];
    double[] up = new double[column.size()];
    double free = 0;
    for (int i = 0; i < down.length; i++) {
      down[i] = Math.max(column.get(i).y, free);
      free = down[i] + column.get(i).height + GAP_Y;
    }
    double end = tallest;
    for (int i = up.length - 1; i >= 0; i--) {
      up[i] = Math.min(column.get(i).y, end - column.get(i).height);
      end = up[i] - GAP_Y;
    }
    free = 0;
    for (int i = 0; i < up.length; i++) {
      up[i] = Math.max(up[i], free);
      free = up[i] + column.get(i).height + GAP_Y;
    }
    end = tallest;
    for (int i = down.length - 1; i >= 0; i--) {
      down[i] = Math.min(down[i], end - column.get(i).height);
      end = down[i] - GAP_Y;
      column.get(i).y = (down[i] + up[i]) / 2;
    }
  }

  private void placeAlone(List<Kind> kinds) {
    if (kinds.isEmpty()) {
      return;
    }
    int perRow = Math.max(columns.size(), Math.min(4, kinds.size()));
    width = Math.max(width, 2 * MARGIN + perRow * (CARD_WIDTH + GAP_X) - GAP_X);
    aloneTop = columns.isEmpty() ? TOP + 20 : height + ALONE_GAP - MARGIN;
    int top = aloneTop;
    int tallest = 0;
    for (int i = 0; i < kinds.size(); i++) {
      if (i > 0 && i % perRow == 0) {
        top += tallest + GAP_Y;
        tallest = 0;
      }
      Item card = new Item(kinds.get(i), false);
      card.x = MARGIN + i % perRow * (CARD_WIDTH + GAP_X);
      card.y = top;
      cards.put(card.kind.name(), card);
      tallest = Math.max(tallest, card.height);
    }
    height = top + tallest + MARGIN;
  }

  /** The points of a line: in pairs, from the right side of one item to the left of the next. */
  List<Point> points(Line line) {
    List<Point> points = new ArrayList<>();
    for (int i = 1; i < line.way().size(); i++) {
      Item one = line.way().get(i - 1);
      Item other = line.way().get(i);
      points.add(new Point(one.x + CARD_WIDTH, port(one, one.after, other)));
      points.add(new Point(other.x, port(other, other.before, one)));
    }
    return points;
  }

  /** Lines leave a card spread over its side, in the order of where they go. */
  private static double port(Item item, List<Item> neighbours, Item other) {
    if (item.way) {
      return item.middle();
    }
    List<Item> sorted = new ArrayList<>(neighbours);
    sorted.sort(Comparator.comparingDouble(Item::middle));
    double step = Math.min(10, (item.height - 16.0) / neighbours.size());
    double first = item.middle() - step * (neighbours.size() - 1) / 2;
    return first + step * sorted.indexOf(other);
  }
}
