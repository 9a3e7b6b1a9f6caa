package dev.carafe.ctr;

import java.io.InputStream;
import java.io.PrintStream;

/** What a command reads from and writes to. */
record Streams(InputStream in, Output out, PrintStream err) {
  /** Says in one line what went wrong. */
  void complain(String message) {
    out.flush();
    err.println("carafe: " + Text.printable(message.strip()));
  }
}
