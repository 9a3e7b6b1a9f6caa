package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BiPredicate;

/** A disk on which chosen calls fail. */
final class FailingDisk extends ForwardingDisk {
  private volatile BiPredicate<Kind, Path> failing = (_, _) -> false;
  private volatile String message = "Input/output error";

  /** From now on, calls for which {@code failing} holds do nothing and throw. */
  void fail(String newMessage, BiPredicate<Kind, Path> newFailing) {
    message = newMessage;
    failing = newFailing;
  }

  @Override
  void before(Kind kind, Path path, long position, byte[] bytes, int length) throws IOException {
    if (failing.test(kind, path)) {
      throw new IOException(message);
    }
  }
}
