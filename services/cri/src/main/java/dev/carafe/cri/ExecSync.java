package dev.carafe.cri;

import dev.carafe.spi.errors.DeadlineExceededException;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;

/** Runs a command in a container and collects what it prints. */
record ExecSync(Commands commands, long limit) {
  /** What came of a command. */
  record Outcome(byte[] stdout, byte[] stderr, int code) {}

  /**
   * Runs a command.
   *
   * @param timeout zero for none
   * @throws DeadlineExceededException at the timeout
   */
  Outcome run(String id, List<String> words, Duration timeout) {
    var stdout = new Capped(limit);
    var stderr = new Capped(limit);
    int code =
        commands.run(
            new Commands.Command(id, words, false, null, stdout, stderr, timeout, resize -> {}));
    return new Outcome(stdout.bytes(), stderr.bytes(), code);
  }

  /** Keeps what comes first and drops the rest. */
  static final class Capped extends OutputStream {
    private final long limit;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    Capped(long limit) {
      this.limit = limit;
    }

    @Override
    public synchronized void write(int single) {
      write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      kept.write(bytes, offset, (int) Math.min(length, limit - kept.size()));
    }

    synchronized byte[] bytes() {
      return kept.toByteArray();
    }
  }
}
