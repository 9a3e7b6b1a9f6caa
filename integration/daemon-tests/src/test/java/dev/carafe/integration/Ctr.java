package dev.carafe.integration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** containerd's own client on one daemon and namespace. */
record Ctr(Path socket, String namespace) {
  static Ctr on(TestDaemon daemon) {
    return new Ctr(daemon.socket(), daemon.namespace());
  }

  /** The command, to be run or started. */
  Program program(String... arguments) {
    List<String> words =
        new ArrayList<>(List.of("--address", socket.toString(), "--namespace", namespace));
    words.addAll(List.of(arguments));
    return Program.of(Setup.tool("ctr"), words);
  }

  Result run(String... arguments) {
    return program(arguments).run();
  }

  /** Its standard output; it must end with 0. */
  String ok(String... arguments) {
    return run(arguments).ok();
  }

  List<String> lines(String... arguments) {
    return ok(arguments).lines().toList();
  }
}
