package dev.carafe.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DotGraphTest {
  /** What of a line of DOT is a quoted string; the rest must be of few characters. */
  private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"");

  @Test
  void everyPluginIsANodeInTheClusterOfItsKind() {
    String dot = DotGraph.document(Samples.daemon());
    assertEquals(8, dot.lines().filter(line -> line.contains("tooltip=")).count());
    assertEquals(6, dot.lines().filter(line -> line.contains("subgraph cluster_")).count());
    assertEquals(4, dot.lines().filter(line -> line.contains(" -> ")).count());
    assertTrue(dot.contains("label=\"local\\n7.0 ms\""), dot);
    assertTrue(dot.startsWith("digraph plugins {\n") && dot.endsWith("}\n"), dot);
  }

  @Test
  void hostileTextStaysInItsQuotes() {
    String hostile = "x\"]; evil [label=\"\\\" \\N \n};\u0000";
    String dot = DotGraph.document(List.of(Samples.failed("k" + hostile, "i" + hostile, hostile)));
    String bare = QUOTED.matcher(dot).replaceAll("");
    assertFalse(bare.contains("evil"), dot);
    assertFalse(bare.contains("\""), dot);
    assertTrue(dot.contains("\\\\N"), dot);
  }
}
