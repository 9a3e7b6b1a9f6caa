package dev.carafe.ctr;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Standard output, which remembers what went wrong with it. */
final class Output extends PrintStream {
  private final Sink sink;

  Output(OutputStream to) {
    this(new Sink(to));
  }

  private Output(Sink sink) {
    super(new BufferedOutputStream(sink, 8192), false, StandardCharsets.UTF_8);
    this.sink = sink;
  }

  /** The first failure of a write, or null. */
  @Nullable IOException failure() {
    return sink.failure;
  }

  /** Writes go where they are buffered already. */
  private static final class Sink extends OutputStream {
    private final OutputStream to;
    private @Nullable IOException failure;

    Sink(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int octet) throws IOException {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        to.write(bytes, offset, length);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }
}
