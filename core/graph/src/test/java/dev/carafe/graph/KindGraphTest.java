package dev.carafe.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.graph.KindGraph.Edge;
import dev.carafe.graph.KindGraph.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KindGraphTest {
  private static Map<String, Integer> levels(KindGraph graph) {
    return graph.kinds().stream().collect(Collectors.toMap(Kind::title, Kind::level));
  }

  @Test
  void kindsStandAfterWhatTheyNeedAndAloneWhereNothingJoinsThem() {
    KindGraph graph = KindGraph.of(Samples.daemon());
    assertEquals(
        Map.of("content", 0, "snapshotter", 0, "metadata", 1, "transfer", 2, "grpc", 3, "nri", -1),
        levels(graph));
  }

  @Test
  void whatNeedsNothingStandsNextToTheFirstThatNeedsIt() {
    KindGraph graph =
        KindGraph.of(
            List.of(
                Samples.running("a.v1", "a"),
                Samples.running("b.v1", "b", "a.v1"),
                Samples.running("late.v1", "l"),
                Samples.running("c.v1", "c", "b.v1", "late.v1")));
    assertEquals(Map.of("a", 0, "b", 1, "late", 1, "c", 2), levels(graph));
  }

  @Test
  void linesThatOthersImplyAreLeftOutAndFailuresAreFollowed() {
    KindGraph graph = KindGraph.of(Samples.daemon());
    assertEquals(
        List.of(
            new Edge("io.containerd.transfer.v1", "io.containerd.grpc.v1", false, true),
            new Edge("io.containerd.content.v1", "io.containerd.metadata.v1", false, false),
            new Edge("io.containerd.snapshotter.v1", "io.containerd.metadata.v1", false, false),
            new Edge("io.containerd.metadata.v1", "io.containerd.transfer.v1", false, false)),
        graph.edges());
  }

  @Test
  void wishesAreLinesOfTheirOwnAndUnknownKindsAreNone() {
    KindGraph graph =
        KindGraph.of(
            List.of(
                Samples.running("a.v1", "a", "nowhere.v1"),
                Samples.wanting("b.v1", "b", "a.v1", "nowhere.v2")));
    assertEquals(List.of(new Edge("a.v1", "b.v1", true, false)), graph.edges());
  }

  @Test
  void circlesAreCut() {
    KindGraph graph =
        KindGraph.of(
            List.of(
                Samples.running("a.v1", "a", "b.v1", "a.v1"),
                Samples.running("b.v1", "b", "c.v1"),
                Samples.running("c.v1", "c", "a.v1")));
    assertEquals(2, graph.edges().size());
    assertEquals(Map.of("a", 2, "b", 1, "c", 0), levels(graph));
  }

  @Test
  void titlesLoseOrganisationAndVersion() {
    Kind ours = new Kind("dev.carafe.log-driver.v1", List.of(), 0);
    assertEquals("log-driver/v1", ours.title() + "/" + ours.version());
    Kind other = new Kind("com.example.thing", List.of(), 0);
    assertEquals("com.example.thing/", other.title() + "/" + other.version());
    assertEquals("", new Kind("", List.of(), 0).title());
  }

  @Test
  void aFloodIsCutOff() {
    List<PluginNode> many = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      many.add(Samples.running("k" + i + ".v1", "x", "k" + (i - 1) + ".v1"));
    }
    KindGraph graph = KindGraph.of(many);
    assertEquals(400, graph.kinds().size());
    assertTrue(SvgGraph.document(many).length() < 1_000_000);
  }
}
