package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts, in the shells that they are for. */
class CompletionTest {
  private static String script(String shell) {
    CommandLine line = new CommandLine();
    assertEquals(0, line.run("completion", shell));
    return line.out();
  }

  private static String shell(String script, String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (java.io.IOException e) {
      return Assumptions.abort(command[0] + " is not installed");
    }
    try (var in = process.getOutputStream()) {
      in.write(script.getBytes(StandardCharsets.UTF_8));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    return output.strip();
  }

  @ParameterizedTest
  @CsvSource({
    "im,import images",
    "images l,ls label",
    "images ls --q,--quiet",
    "-n ns images r,rm",
    "--address /x tasks ki,kill",
    "run --re,--read-only",
    "tasks exec id --t,--tty",
    "completion f,fish",
    "--na,--namespace",
    "pull x,''"
  })
  void bashCompletes(String typed, String expected) throws Exception {
    String words = "carafe " + typed;
    int last = words.split(" ").length - 1;
    String test =
        "\nCOMP_WORDS=("
            + words
            + "); COMP_CWORD="
            + last
            + "; _carafe; echo \"${COMPREPLY[*]}\"\n";

    assertEquals(expected, shell(script("bash") + test, "bash", "--norc", "-eu"));
  }

  @Test
  void zshTakesTheScript() throws Exception {
    String test =
        "autoload -U compinit; compinit -u -D\n" + script("zsh") + "\necho ${_comps[carafe]}\n";

    assertTrue(shell(test, "zsh", "-f").contains("_carafe"));
  }

  @Test
  void fishCompletes() throws Exception {
    String test = script("fish") + "\ncomplete -C 'carafe tasks exec --us'\n";

    assertTrue(shell(test, "fish", "--no-config").startsWith("--user"));
  }

  @Test
  void otherShellsAreRefused() {
    CommandLine line = new CommandLine();

    assertEquals(2, line.run("completion", "tcsh"));
    assertTrue(line.err().contains("bash, zsh or fish"));
    assertEquals(List.of(), line.out().lines().toList());
  }
}
