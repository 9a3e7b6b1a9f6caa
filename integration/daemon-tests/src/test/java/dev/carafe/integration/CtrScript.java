package dev.carafe.integration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Commands of a {@code ctr} that are run in the same order on two daemons, and what came of each:
 * exit code, standard output, standard error. A command is named by its words.
 */
final class CtrScript {
  /** Stands between standard output and standard error. */
  static final String SEPARATOR = "\n--\n";

  private final Path ctr;
  private final boolean newer;
  private final Path socket;
  private final String namespace;
  private final Path work;
  private final CtrOutput output;
  private final Map<String, String> answers = new LinkedHashMap<>();

  /**
   * @param newer whether it is containerd 2's
   * @param home the daemon's own directory, whose name the output may have
   * @param work an empty directory for files of the commands
   */
  CtrScript(Path ctr, boolean newer, Path socket, String namespace, Path home, Path work) {
    this.ctr = ctr;
    this.newer = newer;
    this.socket = socket;
    this.namespace = namespace;
    this.work = work;
    this.output = new CtrOutput(home, work);
  }

  /** Runs everything. */
  Map<String, String> run() {
    CtrStores stores = new CtrStores(this);
    new CtrImages(this).run();
    stores.run();
    new CtrRuns(this).run();
    new CtrMatters(this).run();
    stores.damage();
    return answers;
  }

  boolean newer() {
    return newer;
  }

  /** A file that the commands may use; what they print has it without its directory. */
  Path file(String name) {
    return work.resolve(name);
  }

  /** An image name in the registry that nothing was pushed to before. */
  String repository(String name) {
    return TestRegistry.shared().host()
        + "/"
        + namespace
        + "-"
        + work.getFileName()
        + "/"
        + name
        + ":1";
  }

  String namespace() {
    return namespace;
  }

  /** A command that is not compared. */
  Program program(String... words) {
    List<String> all =
        new ArrayList<>(List.of("--address", socket.toString(), "--namespace", namespace));
    all.addAll(List.of(words));
    return Program.of(ctr, all);
  }

  /** Runs one command and keeps what came of it. */
  Result ctr(String... words) {
    return note(String.join(" ", words), program(words).run());
  }

  /** Like {@link #ctr}, with standard input. */
  Result feed(String input, String... words) {
    return note(String.join(" ", words), program(words).input(input).run());
  }

  /** Like {@link #ctr}, on a terminal. */
  Result terminal(String... words) {
    return typed("", words);
  }

  Result typed(String typed, String... words) {
    Program inner = program(words);
    StringBuilder command = new StringBuilder("stty rows 21 cols 98;");
    inner.command().forEach(word -> command.append(" '").append(word).append('\''));
    Program script = Program.of("script", "-qec", command.toString(), "/dev/null").input(typed);
    return note("terminal " + String.join(" ", words), script.run());
  }

  /** Keeps what another program says, for example of a file that was exported. */
  void look(String name, Program program) {
    note(name, program.run());
  }

  private Result note(String words, Result result) {
    note(
        words,
        result.code() + "\n" + output.plain(result.out()) + SEPARATOR + output.plain(result.err()));
    return result;
  }

  /** Keeps what came of commands; the same words are told apart by a number. */
  void note(String words, String answer) {
    String plain = output.plain(words);
    String name = plain;
    for (int i = 2; answers.containsKey(name); i++) {
      name = plain + " (" + i + ")";
    }
    answers.put(name, output.plain(answer));
  }
}
