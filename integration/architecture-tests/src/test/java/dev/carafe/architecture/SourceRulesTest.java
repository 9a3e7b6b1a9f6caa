package dev.carafe.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SourceRulesTest {
  private static final int LONGEST_FILE = 500;
  private static final int LONGEST_TEST = 600;
  private static final int LONGEST_README = 40;

  /** Written so that this file does not match itself. */
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");

  private static final Pattern SLEEP = Pattern.compile("\\bThread\\.sle" + "ep\\(");

  @Test
  void filesStayShort() {
    List<String> tooLong = new ArrayList<>();
    for (Path file : Modules.javaFiles()) {
      long lines = Modules.read(file).lines().count();
      if (lines > (file.toString().contains("/src/test/") ? LONGEST_TEST : LONGEST_FILE)) {
        tooLong.add(Modules.ROOT.relativize(file) + ": " + lines + " lines");
      }
    }
    assertEquals(List.of(), tooLong);
  }

  @Test
  void nothingIsLeftUnfinished() {
    assertEquals(List.of(), matching(UNFINISHED, "/src/"));
  }

  @Test
  void testsWaitForWhatTheyWantNotForTimeToPass() {
    assertEquals(List.of(), matching(SLEEP, "/src/test/"));
  }

  @Test
  void everyPackageHasAFrontDoor() {
    Set<String> without = new TreeSet<>();
    for (Path file : Modules.javaFiles()) {
      // Programs of one file have none.
      String path = file.toString();
      boolean packaged = !path.contains("/src/training/") && !path.contains("/src/baseline/");
      if (packaged
          && !Files.exists(file.resolveSibling("package-info.java"))
          && !hasFrontDoorInMain(file)) {
        without.add(Modules.ROOT.relativize(file.getParent()).toString());
      }
    }
    assertEquals(Set.of(), without);
  }

  /** Tests share the package of what they test, and its door. */
  private static boolean hasFrontDoorInMain(Path file) {
    String main = file.toString().replace("/src/test/java/", "/src/main/java/");
    return Files.exists(Path.of(main).resolveSibling("package-info.java"));
  }

  @Test
  void everyModuleHasAShortReadme() {
    List<String> wrong = new ArrayList<>();
    for (String module : Modules.NAMES) {
      Path readme = Modules.ROOT.resolve(module).resolve("README.md");
      if (!Files.exists(readme)) {
        wrong.add(module + ": none");
      } else if (Modules.read(readme).lines().count() > LONGEST_README) {
        wrong.add(module + ": longer than " + LONGEST_README + " lines");
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static List<String> matching(Pattern pattern, String part) {
    List<String> found = new ArrayList<>();
    for (Path file : Modules.javaFiles()) {
      if (file.toString().contains(part) && pattern.matcher(Modules.read(file)).find()) {
        found.add(Modules.ROOT.relativize(file).toString());
      }
    }
    return found;
  }
}
