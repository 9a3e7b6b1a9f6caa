package dev.carafe.spi.sandboxes;

import java.time.Instant;

/** How a sandbox ended. */
public record SandboxExit(int code, Instant exitedAt) {
  /** The code where nobody saw the end. */
  public static final int UNKNOWN_CODE = 255;
}
