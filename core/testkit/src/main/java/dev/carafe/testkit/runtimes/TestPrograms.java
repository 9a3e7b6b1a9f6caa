package dev.carafe.testkit.runtimes;

import java.io.IOException;
import java.util.List;

/**
 * What the suite runs. Each method makes sure that the program is in the image, and gives the
 * arguments that run it there.
 */
public interface TestPrograms {
  /** Ends with a code. */
  List<String> exit(int code) throws IOException;

  /** Waits for ever. */
  List<String> sleep() throws IOException;

  /** Writes to standard output and standard error, and ends with 0. */
  List<String> print(String out, String err) throws IOException;

  /** Writes so many thousands of bytes to standard output. */
  List<String> bytes(int thousands) throws IOException;

  /** Writes its standard input to its standard output until that ends, then a text. */
  List<String> echo(String last, int code) throws IOException;

  /** Makes an empty file; its directory is there. */
  List<String> touch(String path) throws IOException;

  /** Takes memory until it is killed, or ends with 42 when it gets no more. */
  List<String> allocate() throws IOException;

  /** Says when it begins, and uses the processor for ever. */
  List<String> spin() throws IOException;

  /** Sends back what comes by TCP to a port; for runtimes with ports. */
  default List<String> serve(int port) throws IOException {
    throw new UnsupportedOperationException("no program serves a port");
  }

  /** A program that is not in the image. */
  default List<String> missing() {
    return List.of("nope");
  }

  /** A file in the image that is no program. */
  default List<String> noProgram() {
    return List.of("/etc/noexec");
  }
}
