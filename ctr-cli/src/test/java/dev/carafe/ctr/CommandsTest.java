package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {
  static Stream<Command> all() {
    return Commands.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyCommandDoesSomething(Command command, @TempDir Path directory) {
    CommandLine line = new CommandLine(directory.resolve("nobody"));
    List<String> words = new ArrayList<>(List.of(command.path().split(" ")));
    words.addAll(
        switch (command.path()) {
          case "completion" -> List.of("bash");
          case "import" -> List.of("-");
          case "containers cp" -> List.of("c:/x", "-");
          default -> Collections.nCopies(command.min(), "x");
        });

    int code = line.run(words.toArray(String[]::new));

    boolean local =
        Set.of("completion", "batch", "images unmount", "oci spec").contains(command.path());
    assertEquals(local ? 0 : 1, code, line.err());
    assertTrue(local || line.err().startsWith("carafe: daemon at "), line.err());
    assertEquals(local ? 0 : 1, line.err().lines().count());
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyCommandHasHelp(Command command) {
    CommandLine line = new CommandLine();
    List<String> words = new ArrayList<>(List.of(command.path().split(" ")));
    words.add("--help");

    assertEquals(0, line.run(words.toArray(String[]::new)));
    assertTrue(line.out().startsWith("usage: carafe " + command.path()), line.out());
    assertTrue(line.out().contains(command.help()));
  }

  @ParameterizedTest
  @MethodSource("all")
  void namesOfFlagsAreUnique(Command command) {
    Set<String> seen = new HashSet<>();
    for (Command.Flag flag : command.flags()) {
      assertTrue(seen.add(flag.name()), flag.name());
      assertTrue(flag.letter().isEmpty() || seen.add("-" + flag.letter()), flag.letter());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "c ls,containers ls",
    "images list,images ls",
    "i rm x,images rm",
    "t kill x,tasks kill",
    "ns ls,namespaces ls",
    "run a b,run",
    "snapshot remove x,snapshots rm",
    "sb run x,sandboxes create",
    "sandbox create x,sandboxes create"
  })
  void shortNamesAreUnderstood(String words, String path) {
    assertEquals(path, Commands.find(SystemCommands.split(words)).path());
  }

  @Test
  void unknownCommandsAreRefused() {
    assertThrows(UsageException.class, () -> Commands.find(List.of("foo")));
    UsageException e =
        assertThrows(UsageException.class, () -> Commands.find(List.of("leases", "foo")));
    assertEquals("leases: expected one of ls, create, rm", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run image",
        "run --config",
        "run --rootfs /x",
        "images tag a",
        "version x",
        "pull",
        "tasks exec id",
        "plugins ls --bogus",
        "plugins ls --format xml",
        "--bogus version"
      })
  void wrongUsageExitsWithTwo(String wrong, @TempDir Path directory) {
    CommandLine line = new CommandLine(directory.resolve("nobody"));

    assertEquals(2, line.run(SystemCommands.split(wrong).toArray(String[]::new)));
    assertEquals(1, line.err().lines().count());
  }

  @Test
  void helpIsShownForNothing() {
    CommandLine line = new CommandLine();

    assertEquals(0, line.run());
    assertEquals(0, line.run("--help"));
    assertEquals(0, line.run("help"));
    assertEquals(0, line.run("--version"));
    assertTrue(line.out().contains("tasks metrics ID"));
    assertTrue(line.out().endsWith("carafe " + SystemCommands.clientVersion() + "\n"));
  }
}
