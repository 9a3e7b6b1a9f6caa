package dev.carafe.cni;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Plugins that are small scripts, with the directories that a {@link Cni} needs. */
final class FakePlugins {
  static final String LIST =
      "{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\",\"key\":[1,\"x\"]}]}";

  final Path bin;
  final Path conf;
  final Path state;
  private final Path calls;
  private final Path answers;

  /** One run of a plugin. */
  record Call(
      String verb,
      String plugin,
      String container,
      String ifName,
      String netns,
      String arguments,
      String path,
      JsonObject config) {
    String brief() {
      return verb + " " + plugin;
    }
  }

  FakePlugins(Path directory) {
    try {
      bin = Files.createDirectory(directory.resolve("bin"));
      conf = Files.createDirectory(directory.resolve("conf"));
      calls = Files.createDirectory(directory.resolve("calls"));
      answers = Files.createDirectory(directory.resolve("answers"));
      state = directory.resolve("state");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    install("one");
    install("two");
  }

  void install(String name) {
    Path program = bin.resolve(name);
    try (InputStream script = FakePlugins.class.getResourceAsStream("/plugin.sh")) {
      Path next = bin.resolve("." + name);
      Files.write(next, script.readAllBytes());
      Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.move(next, program, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a plugin does for a verb from now on: lines of shell. */
  void answer(String plugin, String verb, String... lines) {
    write(answers.resolve(plugin + "." + verb), String.join("\n", lines) + "\n");
  }

  /** Answers politely again. */
  void forget(String plugin, String verb) {
    try {
      Files.delete(answers.resolve(plugin + "." + verb));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void configure(String file, String json) {
    write(conf.resolve(file), json);
  }

  private static void write(Path file, String text) {
    try {
      Path next = file.resolveSibling("." + file.getFileName() + ".tmp");
      Files.writeString(next, text);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CniConfig config() {
    return new CniConfig(
        List.of(bin),
        conf,
        1,
        false,
        "",
        IpPreference.IPV4,
        Duration.ofSeconds(20),
        Duration.ofSeconds(1),
        Duration.ofSeconds(20));
  }

  Cni open() {
    return open(config());
  }

  Cni open(CniConfig config) {
    return open(config, Map.of());
  }

  Cni open(CniConfig config, Map<String, CniConfig.Directory> handlers) {
    return Cni.open(config, handlers, state, Duration.ofMillis(50), Duration.ofMillis(200));
  }

  /** All runs so far but those for VERSION and STATUS, in order. */
  List<Call> calls() {
    return allCalls().stream()
        .filter(call -> !call.verb().equals("VERSION") && !call.verb().equals("STATUS"))
        .toList();
  }

  List<String> brief() {
    return calls().stream().map(Call::brief).toList();
  }

  long count(String brief) {
    return allCalls().stream().filter(call -> call.brief().equals(brief)).count();
  }

  List<Call> allCalls() {
    try (Stream<Path> files = Files.list(calls)) {
      return files
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .map(FakePlugins::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Call read(Path file) {
    try {
      String[] lines = Files.readString(file).split("\n", 8);
      return new Call(
          lines[0],
          lines[1],
          lines[2],
          lines[3],
          lines[4],
          lines[5],
          lines[6],
          Json.object("config", lines[7].getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
