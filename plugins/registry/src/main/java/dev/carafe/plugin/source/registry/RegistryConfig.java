package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How registries are reached where hosts.toml says nothing else.
 *
 * @param configPath directories with a folder per registry host (hosts.toml, or certificates as
 *     Docker lays them out), separated by colons as in containerd; the first directory that has the
 *     host or {@code _default} counts
 * @param dialTimeout until a TCP connection must stand; 1 ms to 1 h, as the others
 * @param headerTimeout until an answer must have begun
 * @param idleTimeout without a byte, after which a download reconnects
 * @param retries how often the last host is asked again after an answer that may change (429, 5xx,
 *     a broken connection), and how often in a row a broken transfer is taken up again; 0 to 100
 * @param uploadChunk most bytes of a blob in one request, for registries behind something that
 *     limits requests; 0 for each blob in one request; else at least 65536
 */
public record RegistryConfig(
    String configPath,
    Duration dialTimeout,
    Duration headerTimeout,
    Duration idleTimeout,
    int retries,
    long uploadChunk) {
  private static final long LEAST_CHUNK = 64 << 10;
  private static final Duration LONGEST = Duration.ofHours(1);

  public static final RegistryConfig DEFAULT =
      new RegistryConfig(
          "/etc/carafe/certs.d:/etc/containerd/certs.d:/etc/docker/certs.d",
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          5,
          0);

  public RegistryConfig {
    check("dial_timeout", dialTimeout);
    check("header_timeout", headerTimeout);
    check("idle_timeout", idleTimeout);
    if (retries < 0 || retries > 100) {
      throw new InvalidArgumentException("retries " + retries + " is not in 0 to 100");
    }
    if (uploadChunk != 0 && uploadChunk < LEAST_CHUNK) {
      throw new InvalidArgumentException(
          "upload_chunk " + uploadChunk + " is neither 0 nor at least " + LEAST_CHUNK);
    }
  }

  /** The directories of a colon-separated list. */
  static List<Path> directories(String list) {
    return Stream.of(list.split(":", -1)).filter(entry -> !entry.isBlank()).map(Path::of).toList();
  }

  private static void check(String key, Duration value) {
    if (value.toMillis() < 1 || value.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException(key + " is not in 1ms to 1h");
    }
  }
}
