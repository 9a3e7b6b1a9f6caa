package dev.carafe.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class SvgGraphTest {
  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static List<Element> byClass(Document document, String tag, String name) {
    List<Element> found = new ArrayList<>();
    NodeList elements = document.getElementsByTagName(tag);
    for (int i = 0; i < elements.getLength(); i++) {
      Element element = (Element) elements.item(i);
      if (List.of(element.getAttribute("class").split(" ")).contains(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private static Element plugin(Document document, String uri) {
    return byClass(document, "g", "plugin").stream()
        .filter(element -> element.getAttribute("data-plugin").equals(uri))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyPluginIsThereWithItsStateAndTooltip() throws Exception {
    // When
    Document document = parse(SvgGraph.document(Samples.daemon()));
    // Then
    assertEquals(8, byClass(document, "g", "plugin").size());
    Element failed = plugin(document, "io.containerd.transfer.v1.local");
    assertEquals("plugin failed", failed.getAttribute("class"));
    assertEquals(
        """
        io.containerd.transfer.v1.local
        failed, created in 7.0 ms
        no room
        requires io.containerd.metadata.v1
        from b.jar\
        """,
        failed.getElementsByTagName("title").item(0).getTextContent());
    assertEquals("no room", byClass(document, "text", "error").getLast().getTextContent());
    assertEquals(
        "plugin disabled",
        plugin(document, "io.containerd.snapshotter.v1.native").getAttribute("class"));
    assertEquals(
        "8 plugins: 5 running, 2 failed, 1 disabled",
        byClass(document, "text", "heading").getFirst().getTextContent());
    assertEquals(4, byClass(document, "path", "edge").size());
    assertEquals(1, byClass(document, "path", "broken").size());
  }

  @Test
  void onlyADocumentOfItsOwnHasItsStyle() throws Exception {
    assertEquals(
        1, parse(SvgGraph.document(Samples.daemon())).getElementsByTagName("style").getLength());
    assertEquals(
        0, parse(SvgGraph.unstyled(Samples.daemon())).getElementsByTagName("style").getLength());
    assertFalse(SvgGraph.unstyled(Samples.daemon()).contains("style="));
    assertTrue(SvgGraph.style().contains("prefers-color-scheme"));
  }

  @Test
  void hostileTextStaysText() throws Exception {
    // Given
    String hostile = "\"><script>alert('1')</script>&amp;]]>\u0000\u001b[31m\ud800\u202e\uffff";
    List<PluginNode> plugins =
        List.of(
            Samples.running("io.x" + hostile + ".v1", "id"),
            Samples.failed("k.v1", hostile, hostile, "io.x" + hostile + ".v1"));
    // When
    String svg = SvgGraph.document(plugins);
    // Then
    Document document = parse(svg);
    assertEquals(0, document.getElementsByTagName("script").getLength());
    String shown = "\"><script>alert('1')</script>&amp;]]>\ufffd\ufffd[31m\ufffd\ufffd\ufffd";
    assertEquals("k.v1." + shown, plugin(document, "k.v1." + shown).getAttribute("data-plugin"));
    assertEquals(1, byClass(document, "path", "edge").size());
  }

  @Test
  void longTextIsCutInThePictureAndBoundedInTheTooltip() throws Exception {
    Document document =
        parse(
            SvgGraph.document(List.of(Samples.failed("k.v1", "i".repeat(9000), "e".repeat(9000)))));
    assertEquals("i".repeat(18) + "…", byClass(document, "text", "id").getFirst().getTextContent());
    assertEquals(
        2000,
        byClass(document, "g", "plugin")
            .getFirst()
            .getElementsByTagName("title")
            .item(0)
            .getTextContent()
            .length());
  }

  @Test
  void theReasonIsShownRatherThanThePathBeforeIt() throws Exception {
    Document document =
        parse(SvgGraph.document(List.of(Samples.failed("k.v1", "i", "\"b.jar\" is not a jar"))));
    assertEquals("is not a jar", byClass(document, "text", "error").getFirst().getTextContent());
    assertTrue(plugin(document, "k.v1.i").getTextContent().contains("\"b.jar\" is not a jar"));
  }

  @Test
  void timesAreWrittenForPeople() {
    assertEquals("1.3 ms", Samples.running("k", "i").initTime());
    assertEquals("", Samples.disabled("k", "i").initTime());
    assertEquals("7.0 ms", Samples.failed("k", "i", "").initTime());
  }
}
