package dev.carafe.engine.pull;

import java.time.Duration;

/**
 * Bounds of pulls, for the whole daemon.
 *
 * @param maxConcurrentDownloads layers that are fetched at once
 * @param maxConcurrentUnpacks layers that are unpacked at once
 * @param stall how long a layer may go without a byte from the network or onto the disk before the
 *     pull fails
 * @param sync whether layer files are on the medium before their snapshot is named
 */
public record PullConfig(
    int maxConcurrentDownloads, int maxConcurrentUnpacks, Duration stall, boolean sync) {
  public static final PullConfig DEFAULT =
      new PullConfig(
          8,
          Math.max(2, Runtime.getRuntime().availableProcessors() * 2),
          Duration.ofMinutes(5),
          true);
}
