package dev.carafe.spi.sandboxes;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a sandbox stands.
 *
 * @param state {@link #READY}, {@link #NOT_READY}, or a controller's own word
 * @param info details by name
 * @param exitedAt null while it runs
 * @param address as in {@link StartedSandbox}
 */
public record SandboxStatus(
    long pid,
    String state,
    Map<String, String> info,
    Instant createdAt,
    @Nullable Instant exitedAt,
    @Nullable SandboxValue extra,
    String address,
    int version) {
  public static final String READY = "SANDBOX_READY";
  public static final String NOT_READY = "SANDBOX_NOTREADY";

  public SandboxStatus {
    info = Map.copyOf(info);
  }
}
