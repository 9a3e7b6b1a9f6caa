package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SystemCommandsTest {
  @Test
  void linesAreSplitAtBlanksOutsideQuotes() {
    assertEquals(
        List.of("run", "a b", "", "c'd", "e\"f", "gh"),
        SystemCommands.split("  run\t'a b' ''  \"c'd\" 'e\"f' g'h' "));
    assertEquals(List.of(), SystemCommands.split("  "));
  }

  @Test
  void openQuoteIsRefused() {
    assertThrows(UsageException.class, () -> SystemCommands.split("a 'b"));
  }
}
