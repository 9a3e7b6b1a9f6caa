package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.runtimes.TaskRuntime.RuntimeInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What an OCI runtime says of itself; asked once per binary, and again when it was replaced. */
final class RuntimeFacts {
  private static final Path NO_BUNDLE = Path.of("/");

  private final OciCommand command;
  private final Duration limit;
  private final Map<Binary, RuntimeInfo> known = new ConcurrentHashMap<>();

  private record Binary(String path, FileTime modified) {}

  RuntimeFacts(OciCommand command, Duration limit) {
    this.command = command;
    this.limit = limit;
  }

  RuntimeInfo of(String path) throws InterruptedException {
    var binary = new Binary(path, modified(path));
    RuntimeInfo info = known.get(binary);
    if (info == null) {
      info = ask(path);
      known.put(binary, info);
    }
    return info;
  }

  private static FileTime modified(String path) {
    try {
      return Files.getLastModifiedTime(Path.of(path));
    } catch (IOException _) {
      return FileTime.fromMillis(0);
    }
  }

  private RuntimeInfo ask(String path) throws InterruptedException {
    var version = command.run(path, NO_BUNDLE, limit, "--version", List.of("--version"));
    var features = command.run(path, NO_BUNDLE, limit, "features", List.of("features"));
    boolean known = features.status().shellCode() == 0 && isObject(features.output());
    return new RuntimeInfo(
        Path.of(path).getFileName().toString(),
        version.output().strip(),
        known ? features.output().strip().getBytes(StandardCharsets.UTF_8) : new byte[0],
        Map.of());
  }

  /** An older runtime knows no features, and may print its usage instead. */
  private static boolean isObject(String text) {
    try {
      return StateCodec.JSON.readTree(text).isObject();
    } catch (IOException _) {
      return false;
    }
  }
}
