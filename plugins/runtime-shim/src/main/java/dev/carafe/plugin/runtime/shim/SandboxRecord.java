package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.sandboxes.SandboxExit;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox's directory says of it ({@code sandbox.json}). Written before its shim is started,
 * then without {@code bootstrap}: such a sandbox was never made.
 *
 * @param program of the shim
 * @param startedAt empty until it is started
 * @param exit null until it has ended
 */
record SandboxRecord(
    String namespace,
    String id,
    String program,
    @Nullable Bootstrap bootstrap,
    long pid,
    String createdAt,
    String startedAt,
    @Nullable Exit exit) {
  static final String FILE = "sandbox.json";

  /** How it ended. */
  record Exit(int code, String at) {
    SandboxExit value() {
      return new SandboxExit(code, instant(at));
    }
  }

  boolean isStarted() {
    return !startedAt.isEmpty();
  }

  SandboxRecord made(Bootstrap where) {
    return new SandboxRecord(namespace, id, program, where, pid, createdAt, startedAt, exit);
  }

  SandboxRecord started(long newPid, Instant at) {
    return new SandboxRecord(
        namespace, id, program, bootstrap, newPid, createdAt, at.toString(), exit);
  }

  SandboxRecord ended(SandboxExit how) {
    return new SandboxRecord(
        namespace,
        id,
        program,
        bootstrap,
        pid,
        createdAt,
        startedAt,
        new Exit(how.code(), how.exitedAt().toString()));
  }

  TaskLocation location(Path state) {
    return new TaskLocation(namespace, id, state.resolve(namespace).resolve(id));
  }

  static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException _) {
      return Instant.EPOCH;
    }
  }
}
