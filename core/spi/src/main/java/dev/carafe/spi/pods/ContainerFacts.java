package dev.carafe.spi.pods;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container of a pod.
 *
 * @param spec the OCI runtime specification in JSON
 * @param seccomp where its seccomp profile is from: {@code runtime/default}, {@code
 *     localhost/PATH}, or empty for none
 * @param cdiDevices names of devices that the kubelet wants in it
 * @param pid of its first process, or 0
 * @param startedAt null until it is started
 * @param end null until it has ended
 */
public record ContainerFacts(
    String id,
    String podId,
    String name,
    State state,
    Map<String, String> labels,
    byte[] spec,
    String seccomp,
    List<String> cdiDevices,
    long pid,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable End end) {
  public ContainerFacts {
    labels = Map.copyOf(labels);
    cdiDevices = List.copyOf(cdiDevices);
  }

  /** Where a container stands. */
  public enum State {
    CREATED,
    RUNNING,
    STOPPED
  }

  /**
   * How it ended.
   *
   * @param reason one word for the kubelet, for example {@code OOMKilled}
   */
  public record End(int code, String reason, String message, Instant at) {}
}
