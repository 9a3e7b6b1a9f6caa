package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The table in docs/ctr.md beside what {@code ctr} 2 and {@code carafe} say of themselves. */
@ExtendWith(LeakCheck.class)
class CtrTableIT {
  private static final String GLOBAL = "(global)";
  private static final Pattern FLAG = Pattern.compile("(?<![A-Za-z0-9])--?[a-z][a-z-]*");
  private static final Pattern SECTION = Pattern.compile("[A-Z ]+:.*");
  private static final Pattern SUBCOMMAND =
      Pattern.compile(" +([a-z][a-z0-9-]*)(, [a-z0-9-]+)*  .*");
  private static final Pattern OPTION = Pattern.compile(" +(--?[a-z-]+).*");

  private record Row(String theirs, String own, Set<String> same, Set<String> others) {}

  @Test
  void tableSaysWhatBothCanDo(Lab lab) throws Exception {
    // Given
    Optional<Path> programs = Setup.newerContainerd();
    assumeTrue(
        programs.isPresent(), "containerd 2 is not below target/peers (./dev test puts it there)");
    Map<String, Set<String>> theirs = new LinkedHashMap<>();
    collect(programs.get().resolve("ctr"), List.of(), theirs);
    // When
    Map<String, Row> table = table();
    // Then
    assertEquals(theirs.keySet(), table.keySet());
    Map<String, Set<String>> own = own(lab, table);
    for (Row row : table.values()) {
      Set<String> flags = theirs.get(row.theirs());
      Set<String> known = own.getOrDefault(row.own(), Set.of());
      assertEquals(Set.of(), minus(row.same(), flags), row + ": flags that ctr does not have");
      assertEquals(Set.of(), minus(row.same(), known), row + ": flags that carafe does not have");
      assertEquals(
          Set.of(), minus(minus(flags, row.same()), row.others()), row + ": flags left out");
      assertEquals(
          Set.of(),
          minus(minus(row.others(), flags), everything(own)),
          row + ": flags that nobody has");
    }
  }

  private static Set<String> everything(Map<String, Set<String>> commands) {
    Set<String> all = new TreeSet<>();
    commands.values().forEach(all::addAll);
    return all;
  }

  private static Set<String> minus(Set<String> all, Set<String> some) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(some);
    return rest;
  }

  private static Map<String, Row> table() throws IOException {
    Path docs = Path.of("docs/ctr.md");
    for (Path up = Path.of("").toAbsolutePath(); !Files.exists(docs) && up != null; ) {
      docs = up.resolve("docs/ctr.md");
      up = up.getParent();
    }
    Map<String, Row> table = new LinkedHashMap<>();
    for (String line : Files.readAllLines(docs)) {
      String[] cells = line.split("\\|", -1);
      if (cells.length != 6 || !(cells[1].contains("`") || cells[1].contains(GLOBAL))) {
        continue;
      }
      String theirs = cells[1].replace("`", "").strip();
      if (theirs.equals("ctr")) {
        continue;
      }
      String own = cells[2].replace("`", "").strip();
      table.put(theirs, new Row(theirs, own, flags(cells[3]), flags(cells[4])));
    }
    return table;
  }

  private static Set<String> flags(String text) {
    Set<String> flags = new LinkedHashSet<>();
    Matcher quoted = Pattern.compile("`([^`]*)`").matcher(text);
    while (quoted.find()) {
      Matcher flag = FLAG.matcher(quoted.group(1));
      while (flag.find()) {
        flags.add(flag.group());
      }
    }
    return flags;
  }

  /** The flags of each command below one, and its own. */
  private static void collect(Path ctr, List<String> command, Map<String, Set<String>> all) {
    List<String> words = new ArrayList<>(command);
    words.add("--help");
    String section = "";
    Set<String> flags = new TreeSet<>();
    all.put(command.isEmpty() ? GLOBAL : String.join(" ", command), flags);
    for (String line : Program.of(ctr, words).run().ok().lines().toList()) {
      if (SECTION.matcher(line).matches()) {
        section = line.substring(0, line.indexOf(':'));
      }
      Matcher option = OPTION.matcher(line);
      if (section.endsWith("OPTIONS") && option.matches() && !option.group(1).equals("--help")) {
        flags.add(option.group(1));
      }
      Matcher below = SUBCOMMAND.matcher(line);
      if (section.equals("COMMANDS") && below.matches() && !below.group(1).equals("help")) {
        List<String> path = new ArrayList<>(command);
        path.add(below.group(1));
        collect(ctr, path, all);
      }
    }
  }

  /** What {@code carafe} says of the commands that the table names; groups have no flags. */
  private static Map<String, Set<String>> own(Lab lab, Map<String, Row> table) {
    Carafe carafe = new Carafe(lab.work().resolve("nobody"), lab.namespace(), lab.work());
    Map<String, Set<String>> own = new LinkedHashMap<>();
    StringBuilder lines = new StringBuilder("--help\n");
    for (Row row : table.values()) {
      boolean group = table.keySet().stream().anyMatch(key -> key.startsWith(row.theirs() + " "));
      if (!row.own().equals("–") && !row.own().equals(GLOBAL) && !group) {
        lines.append(row.own()).append(" --help\n");
      }
    }
    String current = GLOBAL;
    String output = carafe.program("batch").input(lines.toString()).run().ok();
    for (String line : output.lines().toList()) {
      if (line.startsWith("usage: carafe ")) {
        current = line.substring("usage: carafe ".length()).replaceAll(" (\\[|[A-Z]).*", "");
        current = current.startsWith("[") ? GLOBAL : current;
      }
      Set<String> flags = own.computeIfAbsent(current, key -> new TreeSet<>());
      Matcher option = Pattern.compile("(--?[a-z-]+)").matcher(line.strip());
      if (line.strip().startsWith("-")) {
        while (option.find()) {
          flags.add(option.group());
        }
      }
    }
    assertTrue(own.size() > 40, () -> "commands that carafe has told of: " + own.keySet());
    return own;
  }
}
