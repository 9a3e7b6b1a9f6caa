package dev.carafe.integration;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A program to run, and one that runs. Immutable until started. */
record Program(List<String> command, Map<String, String> environment, byte @Nullable [] input) {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  static Program of(String... command) {
    return new Program(List.of(command), Map.of(), null);
  }

  static Program of(Path program, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    return new Program(List.copyOf(command), Map.of(), null);
  }

  Program with(String variable, String value) {
    Map<String, String> more = new HashMap<>(environment);
    more.put(variable, value);
    return new Program(command, Map.copyOf(more), input);
  }

  Program input(byte[] bytes) {
    return new Program(command, environment, bytes);
  }

  Program input(String text) {
    return input(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Runs it to its end. */
  Result run() {
    return run(PATIENCE);
  }

  /** Runs it to its end; what takes longer is killed and fails the test. */
  Result run(Duration patience) {
    try (Running running = start()) {
      return running.await(patience);
    }
  }

  /** Starts it. */
  Running start() {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      return new Running(this, process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A program that runs; its output is taken all the time, so that it never blocks. */
  static final class Running implements AutoCloseable {
    private final Program program;
    private final Process process;
    private final Collector out;
    private final Collector err;

    private Running(Program program, Process process) {
      this.program = program;
      this.process = process;
      this.out = new Collector(process.getInputStream());
      this.err = new Collector(process.getErrorStream());
      byte[] input = program.input;
      Thread.ofVirtual().start(() -> feed(input == null ? new byte[0] : input));
    }

    private void feed(byte[] input) {
      try (OutputStream stdin = process.getOutputStream()) {
        stdin.write(input);
      } catch (IOException e) {
        // It did not want all of its input.
      }
    }

    Process process() {
      return process;
    }

    /** SIGTERM. */
    void terminate() {
      process.toHandle().destroy();
    }

    /** What it has written so far. */
    String out() {
      return out.text();
    }

    String err() {
      return err.text();
    }

    Result await(Duration patience) {
      try {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new AssertionError(
              String.join(" ", program.command)
                  + " has not ended within "
                  + patience
                  + "\nout: "
                  + out()
                  + "\nerr: "
                  + err());
        }
        out.end();
        err.end();
        return new Result(String.join(" ", program.command), process.exitValue(), out(), err());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }

    /** Kills it if it still runs. */
    @Override
    public void close() {
      process.destroyForcibly();
      try {
        process.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static final class Collector {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread thread;

    Collector(InputStream in) {
      this.thread = Thread.ofVirtual().start(() -> collect(in));
    }

    private void collect(InputStream in) {
      byte[] chunk = new byte[8192];
      try (in) {
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
          synchronized (bytes) {
            bytes.write(chunk, 0, read);
          }
        }
      } catch (IOException e) {
        // Killed.
      }
    }

    /** Whoever inherited the stream may hold it open: then what has come is all. */
    void end() throws InterruptedException {
      thread.join(Duration.ofSeconds(2));
    }

    String text() {
      synchronized (bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
      }
    }
  }
}
