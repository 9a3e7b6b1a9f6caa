package dev.carafe.spi.images;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * How to reach a source for one pull.
 *
 * @param credentials asked with a host (and port) when that host demands proof, and with its {@code
 *     WWW-Authenticate} headers, each at most 16 KiB and at most 16 of them; the answer goes to
 *     that host and the realm that it names, and to no other
 * @param headers sent with every request to the registry
 * @param plainHttp whether hosts without configuration are spoken to over plain HTTP
 * @param hostDirectory a hosts.toml directory instead of the configured one; empty for the
 *     configured one
 * @param trace is told in one line each what is asked and answered, without secrets; must be cheap
 *     and must not throw
 */
public record SourceOptions(
    BiFunction<String, List<String>, Optional<Credentials>> credentials,
    Map<String, String> headers,
    boolean plainHttp,
    boolean skipVerify,
    String hostDirectory,
    Consumer<String> trace) {
  public static final SourceOptions DEFAULT =
      new SourceOptions((host, challenges) -> Optional.empty(), Map.of(), false, false, "");

  public SourceOptions {
    headers = Map.copyOf(headers);
  }

  /** Options of which nobody wants a trace. */
  public SourceOptions(
      BiFunction<String, List<String>, Optional<Credentials>> credentials,
      Map<String, String> headers,
      boolean plainHttp,
      boolean skipVerify,
      String hostDirectory) {
    this(credentials, headers, plainHttp, skipVerify, hostDirectory, line -> {});
  }
}
