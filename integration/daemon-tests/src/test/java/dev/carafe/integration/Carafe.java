package dev.carafe.integration;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The CLI on one daemon and namespace. */
record Carafe(Path socket, String namespace, Path temp) {
  private static final ObjectMapper JSON = new ObjectMapper();

  Carafe in(String other) {
    return new Carafe(socket, other, temp);
  }

  /** The command, to be run or started. */
  Program program(String... arguments) {
    List<String> words =
        new ArrayList<>(List.of("--address", socket.toString(), "--namespace", namespace));
    words.addAll(List.of(arguments));
    return Program.of(Setup.dist().resolve("bin/carafe"), words)
        .with("CARAFE_JAVA_OPTS", "-Djava.io.tmpdir=" + temp);
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

  JsonNode json(String... arguments) {
    return parse(ok(arguments));
  }

  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }
}
