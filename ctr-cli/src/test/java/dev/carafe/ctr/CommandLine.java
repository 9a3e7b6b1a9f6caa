package dev.carafe.ctr;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Someone who types command lines and sees what comes out. */
final class CommandLine {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<String> global = new ArrayList<>();
  private byte[] in = {};

  CommandLine() {}

  CommandLine(Path socket) {
    global.addAll(List.of("--address", socket.toString()));
  }

  CommandLine types(String input) {
    in = input.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  /** Runs one command; what it prints is added to what was printed before. */
  int run(String... words) {
    List<String> all = new ArrayList<>(global);
    all.addAll(List.of(words));
    Streams streams =
        new Streams(
            new ByteArrayInputStream(in),
            new Output(out),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    int code = Main.run(all, streams);
    streams.out().flush();
    return code;
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
