package dev.carafe.graph;

import dev.carafe.graph.KindGraph.Kind;
import dev.carafe.graph.Layout.Point;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The plugin graph as SVG. What is needed is to the left of what needs it; failed plugins are red
 * with their error below, disabled ones grey; every plugin says the rest in a tooltip. Colours
 * follow the reader's preference for light or dark.
 */
public final class SvgGraph {
  private static final int ID_LENGTH = 19;
  private static final int TITLE_LENGTH = 22;
  private static final int ERROR_LENGTH = 27;

  private final StringBuilder svg = new StringBuilder(32_768);
  private final List<PluginNode> plugins;
  private final Layout layout;

  private SvgGraph(List<PluginNode> plugins) {
    this.plugins = plugins;
    this.layout = Layout.of(KindGraph.of(plugins));
  }

  /** A document of its own, style included. */
  public static String document(List<PluginNode> plugins) {
    return new SvgGraph(plugins).draw(/* styled= */ true);
  }

  /** The same without style, for a page that links {@link #style()}. */
  public static String unstyled(List<PluginNode> plugins) {
    return new SvgGraph(plugins).draw(/* styled= */ false);
  }

  /** The style sheet of the picture. */
  public static String style() {
    try (InputStream in = SvgGraph.class.getResourceAsStream("graph.css")) {
      if (in == null) {
        throw new IllegalStateException("graph.css is missing from " + SvgGraph.class.getModule());
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String draw(boolean styled) {
    int width = layout.width();
    int height = layout.height();
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plugin-graph\" role=\"img\"");
    add(" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", width, height, width, height);
    add("<title>Plugins: %s</title>\n", Words.xml(summary()));
    if (styled) {
      add("<style>\n%s</style>\n", style());
    }
    add("<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", width, height);
    add("<text class=\"heading\" x=\"16\" y=\"22\">%s</text>\n", Words.xml(summary()));
    add("<text class=\"hint\" x=\"16\" y=\"38\">what is needed on the left, ");
    add("what needs it on the right; dashed: used where there is one</text>\n");
    layout.lines().forEach(this::line);
    if (layout.aloneTop() > 0) {
      add("<text class=\"hint\" x=\"16\" y=\"%d\">", layout.aloneTop() - 10);
      add("on their own</text>\n");
    }
    layout.cards().values().forEach(this::card);
    return svg.append("</svg>\n").toString();
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private String summary() {
    List<String> parts = new ArrayList<>();
    for (PluginNode.State state : PluginNode.State.values()) {
      long count = plugins.stream().filter(plugin -> plugin.state() == state).count();
      if (count > 0) {
        parts.add(count + " " + state.word());
      }
    }
    return plugins.size() + " plugins: " + String.join(", ", parts);
  }

  private void line(Layout.Line line) {
    KindGraph.Edge edge = line.edge();
    add("<path class=\"edge%s%s\"", edge.wanted() ? " wanted" : "", edge.broken() ? " broken" : "");
    add(" data-from=\"%s\" data-to=\"%s\" d=\"", Words.xml(edge.from()), Words.xml(edge.to()));
    List<Point> points = layout.points(line);
    for (int i = 0; i < points.size(); i += 2) {
      Point one = points.get(i);
      Point other = points.get(i + 1);
      double middle = (one.x() + other.x()) / 2;
      add(i == 0 ? "M%.0f %.1f" : "L%.0f %.1f", one.x(), one.y());
      add("C%.0f %.1f %.0f %.1f", middle, one.y(), middle, other.y());
      add(" %.0f %.1f", other.x(), other.y());
    }
    add("\"/>\n");
  }

  private void card(Layout.Item item) {
    Kind kind = item.kind;
    boolean failed =
        kind.plugins().stream().anyMatch(plugin -> plugin.state() == PluginNode.State.FAILED);
    add("<g class=\"kind%s\" data-kind=\"%s\"", failed ? " failed" : "", Words.xml(kind.name()));
    add(" transform=\"translate(%d %.0f)\">\n", item.x, item.y);
    add(
        "<rect class=\"card\" width=\"%d\" height=\"%d\" rx=\"7\"/>",
        Layout.CARD_WIDTH, item.height);
    add("<text class=\"name\" x=\"12\" y=\"18\">%s", text(kind.title(), TITLE_LENGTH));
    add("<title>%s</title></text>", Words.xml(kind.name()));
    add("<text class=\"version\" x=\"%d\" y=\"18\">", Layout.CARD_WIDTH - 12);
    add("%s</text>\n", Words.xml(kind.version()));
    int y = Layout.HEAD;
    for (PluginNode plugin : kind.plugins()) {
      y = plugin(plugin, y);
    }
    svg.append("</g>\n");
  }

  private int plugin(PluginNode plugin, int y) {
    boolean error = !plugin.error().isEmpty();
    int tall = Layout.ROW + (error ? Layout.ERROR_ROW : 0);
    add(
        "<g class=\"plugin %s\" data-plugin=\"%s\">",
        plugin.state().word(), Words.xml(plugin.uri()));
    add("<title>%s</title>", Words.xml(plugin.description()));
    add("<rect class=\"row\" x=\"4\" y=\"%d\" width=\"%d\"", y, Layout.CARD_WIDTH - 8);
    add(" height=\"%d\" rx=\"4\"/><circle cx=\"15\" cy=\"%d\" r=\"3.5\"/>", tall, y + 9);
    add("<text class=\"id\" x=\"25\" y=\"%d\">%s</text>", y + 13, text(plugin.id(), ID_LENGTH));
    add("<text class=\"time\" x=\"%d\" y=\"%d\">", Layout.CARD_WIDTH - 12, y + 13);
    add("%s</text>", Words.xml(note(plugin)));
    if (error) {
      add("<text class=\"error\" x=\"25\" y=\"%d\">", y + 26);
      add("%s</text>", text(reason(plugin), ERROR_LENGTH));
    }
    svg.append("</g>\n");
    return y + tall;
  }

  /** The error without the path of the jar before it, for which a card has no room. */
  private static String reason(PluginNode plugin) {
    String path = "\"" + plugin.jar() + "\" ";
    return plugin.error().startsWith(path)
        ? plugin.error().substring(path.length())
        : plugin.error();
  }

  /** How long the creation of what failed took is no figure to compare. */
  private static String note(PluginNode plugin) {
    return switch (plugin.state()) {
      case RUNNING -> plugin.initTime();
      case FAILED, IDLE -> "";
      case DISABLED -> "disabled";
    };
  }

  private static String text(String words, int longest) {
    return Words.xml(Words.shortened(words, longest));
  }
}
