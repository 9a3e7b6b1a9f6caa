package dev.carafe.spi.runtimes;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Options of a runtime: those of its handler in the configuration, overlaid with the client's.
 *
 * @param values by the wire's field names, for example {@code binary_name}, {@code root}, {@code
 *     systemd_cgroup} of {@code containerd.runc.v1.Options}; values are String, Long, Boolean or
 *     List of String
 * @param original the client's options as they came, of whatever type, for runtimes that hand them
 *     on; null where the client gave none, and after a restart of the daemon
 */
public record RuntimeOptions(Map<String, Object> values, @Nullable Original original) {
  public static final RuntimeOptions NONE = new RuntimeOptions(Map.of());

  /** Type of {@code values} as a JSON object, where they go with a sandbox's runtime. */
  public static final String JSON_TYPE = "dev.carafe.runtime.v1.Options";

  /**
   * Options as a client wrote them.
   *
   * @param typeUrl names the message
   * @param value the message's bytes; never changed
   */
  public record Original(String typeUrl, byte[] value) {}

  public RuntimeOptions {
    values = Map.copyOf(values);
  }

  public RuntimeOptions(Map<String, Object> values) {
    this(values, null);
  }

  /** A text option, or the empty string. */
  public String text(String name) {
    return values.get(name) instanceof String text ? text : "";
  }

  /** A yes-or-no option, no if absent. */
  public boolean flag(String name) {
    return Boolean.TRUE.equals(values.get(name));
  }

  /** A number, or {@code otherwise} if absent. */
  public long number(String name, long otherwise) {
    return values.get(name) instanceof Number number ? number.longValue() : otherwise;
  }
}
