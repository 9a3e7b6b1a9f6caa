package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.ctr.Command.Flag;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {
  private static final List<Flag> FLAGS =
      List.of(
          new Flag("tty", "t", "", "", false),
          new Flag("interactive", "i", "", "", false),
          new Flag("user", "u", "USER", "", false),
          new Flag("env", "e", "NAME=VALUE", "", true));

  private static Arguments parse(String line, int literalFrom) {
    return Arguments.parse(FLAGS, SystemCommands.split(line), literalFrom);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-t -i -u bob x",
        "-it -u bob x",
        "-itu bob x",
        "-ti -ubob x",
        "-tiubob x",
        "--tty --interactive --user bob x",
        "--tty=true -i --user=bob x",
        "x -it --user bob"
      })
  void sameFlagsInManySpellings(String line) {
    Arguments arguments = parse(line, -1);

    assertTrue(arguments.has("tty"));
    assertTrue(arguments.has("interactive"));
    assertEquals("bob", arguments.value("user", ""));
    assertEquals(List.of("x"), arguments.operands());
  }

  @Test
  void switchCanBeTurnedOff() {
    assertFalse(parse("--tty --tty=false", -1).has("tty"));
  }

  @Test
  void lastValueWinsUnlessTheFlagIsRepeated() {
    Arguments arguments = parse("-u a -u b -e A=1 -e B=2=3", -1);

    assertEquals("b", arguments.value("user", ""));
    assertEquals(List.of("A=1", "B=2=3"), arguments.values("env"));
  }

  @Test
  void absentFlagIsAbsent() {
    Arguments arguments = parse("", -1);

    assertFalse(arguments.has("tty"));
    assertFalse(arguments.has("user"));
    assertNull(arguments.valueOrNull("user"));
    assertEquals(List.of(), arguments.values("env"));
    assertEquals("root", arguments.value("user", "root"));
  }

  @Test
  void commandOfAContainerIsLeftAlone() {
    Arguments arguments = parse("-t image id sh -c 'echo -i' --user=x -- y", 2);

    assertFalse(arguments.has("interactive"));
    assertEquals(
        List.of("image", "id", "sh", "-c", "echo -i", "--user=x", "--", "y"), arguments.operands());
    assertEquals(List.of("y"), arguments.operandsFrom(7));
    assertEquals(List.of(), arguments.operandsFrom(9));
  }

  @Test
  void twoDashesEndFlags() {
    assertEquals(List.of("a", "-t", "--tty"), parse("a -- -t --tty", -1).operands());
  }

  @Test
  void oneDashIsAnOperand() {
    assertEquals(List.of("-"), parse("-", -1).operands());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--bogus", "-x", "-tx", "--user", "-u", "-tu", "--=x", "---"})
  void whatIsNoFlagIsRefused(String line) {
    assertThrows(UsageException.class, () -> parse(line, -1));
  }

  @Test
  void numbersAreChecked() {
    assertEquals(12, parse("-u 12", -1).number("user", 0));
    assertEquals(7, parse("", -1).number("user", 7));
    assertThrows(UsageException.class, () -> parse("-u x", -1).number("user", 0));
    assertThrows(UsageException.class, () -> parse("-u -3", -1).number("user", 0));
  }
}
