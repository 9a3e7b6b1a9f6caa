package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.types.transfer.Progress;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressViewTest {
  private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Output out = new Output(bytes);

  private static Progress step(String name, String event, long done, long total) {
    return Progress.newBuilder()
        .setName(name)
        .setEvent(event)
        .setProgress(done)
        .setTotal(total)
        .build();
  }

  private String printed() {
    out.flush();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void linesAppearWhenSomethingChanges() {
    try (ProgressView view = new ProgressView.Lines(out)) {
      view.show(step("layer-" + DIGEST, "downloading", 1, 2048));
      view.show(step("layer-" + DIGEST, "downloading", 2, 2048));
      view.show(step("layer-" + DIGEST, "complete", 2048, 2048));
      view.show(step("reg/x:1", "saved", 0, 0));
      view.show(step("", "nothing", 0, 0));
    }

    assertEquals(
        """
        layer-sha256:0123456789ab: downloading  2.0 KiB
        layer-sha256:0123456789ab: complete  2.0 KiB
        reg/x:1: saved
        """,
        printed());
  }

  @Test
  void barShowsTheShareThatIsDone() {
    assertEquals(
        "layer-sha256:0123456789ab    downloading    █████████·········  512 B/1.0 KiB"
            .replace("  512", " 512"),
        ProgressView.Bars.line(step("layer-" + DIGEST, "downloading", 512, 1024)));
    assertTrue(
        ProgressView.Bars.line(step("x", "complete", 0, 1024)).endsWith("█ 1.0 KiB/1.0 KiB"));
    assertEquals("x" + " ".repeat(28) + "saved", ProgressView.Bars.line(step("x", "saved", 0, 0)));
  }

  @Test
  void senselessNumbersDoNotBreakTheBar() {
    assertTrue(
        ProgressView.Bars.line(step("x", "downloading", 999, 10)).contains("██████████████████ "));
    assertTrue(
        ProgressView.Bars.line(step("x", "downloading", -5, Long.MAX_VALUE)).contains("··· 0 B/"));
    assertFalse(ProgressView.Bars.line(step("x\033[2J", "y\n", 0, 0)).contains("\033"));
  }

  @Test
  void whatIsDoneGivesWayOnALowTerminal() {
    List<Progress> steps = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      steps.add(step("l" + i, i < 7 ? "complete" : "downloading", 1, 2));
    }

    List<String> lines = ProgressView.Bars.lines(steps, 4);

    assertEquals(4, lines.size());
    assertTrue(lines.get(0).startsWith("l6 "));
    assertTrue(lines.get(3).startsWith("l9 "));
    assertEquals(2, ProgressView.Bars.lines(steps, 2).size());
    assertEquals(1, ProgressView.Bars.lines(steps, -1).size());
  }

  @Test
  void barsAreRedrawnInPlace() {
    try (ProgressView view = new ProgressView.Bars(out)) {
      view.show(step("a", "downloading", 1, 2));
      view.show(step("b", "downloading", 1, 2));
      view.show(step("a", "complete", 2, 2));
    }

    String printed = printed();
    assertTrue(printed.contains("\033[2A"), printed);
    assertTrue(printed.contains("\033[3A"), printed);
    assertTrue(printed.endsWith("\033[J"), printed);
    assertTrue(printed.contains("/s)"), printed);
  }

  @Test
  void quietViewPrintsNothing() {
    try (ProgressView view = ProgressView.of(out, true)) {
      view.show(step("a", "downloading", 1, 2));
    }

    assertEquals("", printed());
  }
}
