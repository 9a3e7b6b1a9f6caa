package dev.carafe.services;

import com.google.protobuf.Any;
import dev.carafe.api.types.transfer.AuthRequest;
import dev.carafe.api.types.transfer.AuthResponse;
import dev.carafe.api.types.transfer.HTTPDebug;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.RegistryResolver;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.SourceOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** How a client wants a registry to be reached. */
final class RegistryOptions {
  private static final Duration ANSWER = Duration.ofMinutes(2);

  private final StreamRegistry streams;

  RegistryOptions(StreamRegistry streams) {
    this.streams = streams;
  }

  /** What the client wants to see of the requests; to be closed behind the last one. */
  TraceStream trace(Namespace namespace, OCIRegistry registry) {
    RegistryResolver resolver = registry.getResolver();
    boolean wanted =
        resolver.getHttpDebug() != HTTPDebug.DISABLED && !resolver.getLogsStream().isEmpty();
    return new TraceStream(wanted ? streams.get(namespace, resolver.getLogsStream()) : null);
  }

  SourceOptions of(Namespace namespace, OCIRegistry registry, TraceStream trace) {
    RegistryResolver resolver = registry.getResolver();
    return new SourceOptions(
        credentials(namespace, registry.getReference(), resolver.getAuthStream()),
        resolver.getHeadersMap(),
        plainHttp(resolver.getDefaultScheme()),
        false,
        resolver.getHostDir(),
        trace);
  }

  private static boolean plainHttp(String scheme) {
    return switch (scheme) {
      case "", "https" -> false;
      case "http" -> true;
      default ->
          throw new InvalidArgumentException(
              "default scheme \"" + scheme + "\" is neither http nor https");
    };
  }

  private BiFunction<String, List<String>, Optional<Credentials>> credentials(
      Namespace namespace, String reference, String streamId) {
    if (streamId.isEmpty()) {
      return (host, challenges) -> Optional.empty();
    }
    OpenStream stream = streams.get(namespace, streamId);
    Object turn = new Object();
    return (host, challenges) -> {
      synchronized (turn) {
        return ask(stream, host, reference, challenges);
      }
    };
  }

  private static Optional<Credentials> ask(
      OpenStream stream, String host, String reference, List<String> challenges) {
    stream.send(
        Anys.pack(
            AuthRequest.newBuilder()
                .setHost(host)
                .setReference(reference)
                .addAllWwwauthenticate(challenges)
                .build()));
    Any answer;
    try {
      answer = stream.receive(ANSWER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("credentials for " + host + ": cancelled", e);
    }
    if (answer == null) {
      return Optional.empty();
    }
    AuthResponse response = Anys.unpack(answer, AuthResponse.parser());
    return switch (response.getAuthType()) {
      case NONE -> Optional.empty();
      case CREDENTIALS ->
          Optional.of(new Credentials.Basic(response.getUsername(), response.getSecret()));
      case REFRESH -> Optional.of(new Credentials.RefreshToken(response.getSecret()));
      case HEADER -> Optional.of(new Credentials.Header(response.getSecret()));
      case UNRECOGNIZED ->
          throw new InvalidArgumentException(
              "credentials for " + host + ": unknown type " + response.getAuthTypeValue());
    };
  }
}
