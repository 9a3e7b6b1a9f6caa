package dev.carafe.integration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One of the installed versions of containerd's client, on a daemon's socket.
 *
 * @param transfers whether it uses the transfer service unless told otherwise
 */
record CtrProgram(Path program, boolean transfers, Path socket, String namespace) {
  /**
   * Every one that is installed: older ones do by themselves what newer ones ask the daemon for.
   */
  static List<CtrProgram> all(TestDaemon daemon) {
    List<CtrProgram> all = new ArrayList<>();
    for (Path program : Setup.tools("ctr")) {
      String help = Program.of(program, List.of("images", "push", "--help")).run().ok();
      all.add(
          new CtrProgram(
              program, help.contains("--local"), daemon.socket(), daemon.carafe().namespace()));
    }
    return all;
  }

  Result run(String... arguments) {
    List<String> words =
        new ArrayList<>(List.of("--address", socket.toString(), "--namespace", namespace));
    words.addAll(List.of(arguments));
    return Program.of(program, words).run();
  }

  String ok(String... arguments) {
    return run(arguments).ok();
  }

  /** The flags that make it work by itself, and those that make it ask the daemon. */
  List<List<String>> ways() {
    return transfers ? List.of(List.of(), List.of("--local")) : List.of(List.of());
  }

  /** Words of a command with further flags. */
  static String[] words(List<String> command, List<String> flags, String... operands) {
    List<String> words = new ArrayList<>(command);
    words.addAll(flags);
    words.addAll(List.of(operands));
    return words.toArray(String[]::new);
  }
}
