package dev.carafe.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LayoutTest {
  private static List<PluginNode> random(int seed) {
    Random random = new Random(seed);
    List<PluginNode> plugins = new ArrayList<>();
    for (int kind = 0; kind < 30; kind++) {
      int count = 1 + random.nextInt(6);
      for (int i = 0; i < count; i++) {
        List<String> requires = new ArrayList<>();
        for (int other = 0; other < kind; other++) {
          if (random.nextInt(12) == 0) {
            requires.add("k" + other + ".v1");
          }
        }
        plugins.add(Samples.running("k" + kind + ".v1", "p" + i, requires.toArray(String[]::new)));
      }
    }
    return plugins;
  }

  private static boolean overlap(Layout.Item a, Layout.Item b) {
    return a.x < b.x + Layout.CARD_WIDTH
        && b.x < a.x + Layout.CARD_WIDTH
        && a.y < b.y + b.height
        && b.y < a.y + a.height;
  }

  @Test
  void cardsDoNotOverlapAndStayInThePicture() {
    for (int seed = 0; seed < 20; seed++) {
      // When
      Layout layout = Layout.of(KindGraph.of(random(seed)));
      // Then
      List<Layout.Item> cards = List.copyOf(layout.cards().values());
      assertEquals(30, cards.size());
      for (Layout.Item card : cards) {
        assertTrue(card.x >= 0 && card.x + Layout.CARD_WIDTH <= layout.width());
        assertTrue(card.y >= 0 && card.y + card.height <= layout.height(), "seed " + seed);
        for (Layout.Item other : cards) {
          assertFalse(card != other && overlap(card, other), "seed " + seed);
        }
      }
    }
  }

  @Test
  void linesGoFromLeftToRightAndThroughNoCard() {
    for (int seed = 0; seed < 20; seed++) {
      Layout layout = Layout.of(KindGraph.of(random(seed)));
      for (Layout.Line line : layout.lines()) {
        List<Layout.Point> points = layout.points(line);
        assertEquals(line.way().getFirst().x + Layout.CARD_WIDTH, points.getFirst().x());
        assertEquals(line.way().getLast().x, points.getLast().x());
        for (int i = 1; i < points.size(); i++) {
          assertTrue(points.get(i - 1).x() < points.get(i).x());
        }
        for (Layout.Item passed : line.way().subList(1, line.way().size() - 1)) {
          layout.cards().values().forEach(card -> assertFalse(overlap(passed, card)));
        }
      }
    }
  }

  @Test
  void anEmptyGraphAndOneOfSinglesAreDrawn() {
    assertTrue(Layout.of(KindGraph.of(List.of())).height() > 0);
    Layout singles =
        Layout.of(
            KindGraph.of(List.of(Samples.running("a.v1", "a"), Samples.running("b.v1", "b"))));
    assertEquals(2, singles.cards().size());
    assertTrue(singles.aloneTop() > 0);
  }

  @Test
  void theSameGraphIsDrawnTheSame() {
    assertEquals(SvgGraph.document(random(3)), SvgGraph.document(random(3)));
  }
}
