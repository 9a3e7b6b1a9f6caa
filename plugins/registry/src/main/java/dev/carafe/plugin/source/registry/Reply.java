package dev.carafe.plugin.source.registry;

import java.net.URI;

/**
 * An answer: its head has come, its body is still to be read.
 *
 * @param uri whom it came from, after redirects
 */
record Reply(URI uri, int status, Headers headers, Body body) implements AutoCloseable {
  /** Gives the rest of the body up, and the connection with it. */
  @Override
  public void close() {
    body.close();
  }
}
