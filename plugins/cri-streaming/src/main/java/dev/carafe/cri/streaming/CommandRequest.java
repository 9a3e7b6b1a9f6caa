package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;

/** A request for the standard streams of a process. */
sealed interface CommandRequest extends Request permits AttachRequest, ExecRequest {
  boolean tty();

  boolean stdin();

  boolean stdout();

  boolean stderr();

  static void requireStreams(boolean tty, boolean stdin, boolean stdout, boolean stderr) {
    if (!stdin && !stdout && !stderr) {
      throw new InvalidArgumentException("one of stdin, stdout and stderr must be set");
    }
    if (tty && stderr) {
      throw new InvalidArgumentException("tty and stderr: a terminal has no stream of errors");
    }
  }
}
