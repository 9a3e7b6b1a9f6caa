package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;

/** What a URL stands for. */
sealed interface Request permits CommandRequest, PortForwardRequest {
  /** The first part of the URL's path. */
  String kind();

  static void requireId(String what, String id) {
    if (id.isEmpty() || id.length() > 1024) {
      throw new InvalidArgumentException(
          what + " has " + id.length() + " characters, not 1 to 1024");
    }
  }
}
