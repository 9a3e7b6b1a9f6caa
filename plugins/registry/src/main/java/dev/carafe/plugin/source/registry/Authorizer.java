package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.Credentials;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Proves to one host who asks. Learns from its challenges what it wants, keeps tokens until they
 * expire, fetches each only once however many requests wait for it. Credentials are asked for at
 * the first challenge.
 */
final class Authorizer {
  private static final int REALM_LIMIT = 4 * 1024;
  private static final int SCOPES_LIMIT = 16;

  private sealed interface Means {
    record Fixed(String header) implements Means {}

    record Bearer(TokenRequest request) implements Means {}
  }

  private final String host;
  private final BiFunction<String, List<String>, Optional<Credentials>> source;
  private final TokenService tokens;
  private final String scope;
  private final boolean plainAllowed;
  private final Map<TokenRequest, CompletableFuture<TokenService.Token>> cache =
      new ConcurrentHashMap<>();
  private volatile @Nullable Means means;
  private volatile @Nullable Optional<Credentials> credentials;

  /**
   * @param scope asked for where a challenge names none
   * @param plainAllowed whether a realm may be plain http
   */
  Authorizer(
      String host,
      BiFunction<String, List<String>, Optional<Credentials>> source,
      TokenService tokens,
      String scope,
      boolean plainAllowed) {
    this.host = host;
    this.source = source;
    this.tokens = tokens;
    this.scope = scope;
    this.plainAllowed = plainAllowed;
  }

  /**
   * The value of the authorization field for the next request; empty before the first challenge.
   */
  Optional<String> header(Budget budget) throws IOException, HostFailure {
    return switch (means) {
      case Means.Fixed fixed -> Optional.of(fixed.header);
      case Means.Bearer bearer -> Optional.of(token(bearer.request, budget).value());
      case null -> Optional.empty();
    };
  }

  /**
   * Learns from a refusal.
   *
   * @param demands the values of {@code WWW-Authenticate}
   * @param refused what was sent; empty for nothing
   * @param fresh whether that was obtained only just now, so that the same again will not do
   * @return whether the next {@link #header} is worth a try
   */
  boolean learn(List<String> demands, Optional<String> refused, boolean fresh) throws HostFailure {
    List<Challenge> challenges = Challenge.parse(demands);
    Optional<Credentials> known = credentials(demands);
    if (known.orElse(null) instanceof Credentials.Header ready) {
      if (!Headers.isValue(ready.value())) {
        throw HostFailure.lasting(
            HostFailure.Kind.UNAUTHENTICATED, "the given authorization header is not valid");
      }
      means = new Means.Fixed(ready.value());
      return refused.isEmpty();
    }
    for (Challenge challenge : challenges) {
      if (challenge.scheme().equals("bearer") && !challenge.parameter("realm").isEmpty()) {
        Means.Bearer wanted = new Means.Bearer(request(challenge));
        boolean changed = !wanted.equals(means);
        if (!fresh) {
          refused.ifPresent(token -> drop(wanted.request, token));
        }
        means = wanted;
        return refused.isEmpty() || changed || !fresh;
      }
    }
    boolean basic = challenges.stream().anyMatch(challenge -> challenge.scheme().equals("basic"));
    if (basic && known.orElse(null) instanceof Credentials.Basic pair) {
      String header = Dialer.basic(pair.user(), pair.password());
      means = new Means.Fixed(header);
      return !refused.equals(Optional.of(header));
    }
    return false;
  }

  private TokenRequest request(Challenge challenge) throws HostFailure {
    String text = challenge.parameter("realm");
    URI realm;
    try {
      realm = URI.create(text.length() > REALM_LIMIT ? "" : text);
    } catch (IllegalArgumentException e) {
      realm = URI.create("");
    }
    boolean secure = "https".equalsIgnoreCase(realm.getScheme());
    if ((!secure && !"http".equalsIgnoreCase(realm.getScheme()))
        || realm.getHost() == null
        || realm.getRawUserInfo() != null
        || realm.getRawFragment() != null) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAUTHENTICATED, "names a token service that is not a URL");
    }
    if (!secure && !plainAllowed) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAUTHENTICATED,
          "names the token service " + Redaction.uri(realm) + ", which is not https");
    }
    String wanted = challenge.parameter("scope").strip();
    List<String> scopes =
        wanted.isEmpty()
            ? List.of(scope)
            : List.of(wanted.split(" +")).stream().limit(SCOPES_LIMIT).map(this::widened).toList();
    return new TokenRequest(realm, challenge.parameter("service"), scopes);
  }

  /** Asks at once for all that will be needed, where a challenge asks for some of it. */
  private String widened(String wanted) {
    int actions = wanted.lastIndexOf(':') + 1;
    boolean sameResource = scope.startsWith(wanted.substring(0, actions));
    return sameResource
            && List.of(scope.substring(actions).split(",", -1))
                .containsAll(List.of(wanted.substring(actions).split(",", -1)))
        ? scope
        : wanted;
  }

  private Optional<Credentials> credentials(List<String> demands) {
    Optional<Credentials> known = credentials;
    if (known == null) {
      known = source.apply(host, Challenge.bounded(demands));
      credentials = known;
    }
    return known;
  }

  /** Forgets a token that was refused, unless another one has taken its place. */
  private void drop(TokenRequest request, String refused) {
    CompletableFuture<TokenService.Token> known = cache.get(request);
    if (known != null
        && known.isDone()
        && !known.isCompletedExceptionally()
        && known.join().value().equals(refused)) {
      cache.remove(request, known);
    }
  }

  private TokenService.Token token(TokenRequest request, Budget budget)
      throws IOException, HostFailure {
    while (true) {
      CompletableFuture<TokenService.Token> mine = new CompletableFuture<>();
      CompletableFuture<TokenService.Token> known = cache.putIfAbsent(request, mine);
      if (known == null) {
        return fetch(request, mine, budget);
      }
      TokenService.Token token = await(request, known, budget);
      if (!token.expired()) {
        return token;
      }
      cache.remove(request, known);
    }
  }

  private TokenService.Token fetch(
      TokenRequest request, CompletableFuture<TokenService.Token> mine, Budget budget)
      throws IOException, HostFailure {
    try {
      TokenService.Token token = tokens.fetch(request, credentials(List.of()), budget);
      mine.complete(token);
      return token;
    } finally {
      if (!mine.isDone()) {
        cache.remove(request, mine);
        mine.cancel(false);
      }
    }
  }

  /** Waits for the fetch of another thread; where that failed, the caller tries for itself. */
  private TokenService.Token await(
      TokenRequest request, CompletableFuture<TokenService.Token> known, Budget budget)
      throws IOException {
    try {
      return known.get(budget.left().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | CancellationException e) {
      cache.remove(request, known);
      return new TokenService.Token("", System.nanoTime());
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("no token in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("cancelled");
    }
  }
}
