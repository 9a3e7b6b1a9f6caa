package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.ResourceExhaustedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Requests whose URLs were given out and not used yet. */
final class PendingRequests {
  private static final int TOKEN_BYTES = 16;

  private record Entry(Request request, long deadline) {}

  /** In the order of their deadlines, as all wait for the same time. */
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private final SecureRandom random = new SecureRandom();
  private final int most;
  private final long ttl;
  private final LongSupplier nanoClock;

  PendingRequests(int most, Duration ttl, LongSupplier nanoClock) {
    this.most = most;
    this.ttl = ttl.toNanos();
    this.nanoClock = nanoClock;
  }

  /**
   * Keeps a request until it is taken or too old.
   *
   * @return its token: 128 random bits that can stand in a URL
   * @throws ResourceExhaustedException if as many as may wait do
   */
  synchronized String add(Request request) {
    long now = nanoClock.getAsLong();
    forgetOld(now);
    if (entries.size() >= most) {
      throw new ResourceExhaustedException(most + " streaming URLs are waiting to be used");
    }
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    entries.put(token, new Entry(request, now + ttl));
    return token;
  }

  /** What a URL of this kind stands for; it stays usable. */
  synchronized Optional<Request> find(String kind, String token) {
    forgetOld(nanoClock.getAsLong());
    return Optional.ofNullable(entries.get(token))
        .map(Entry::request)
        .filter(request -> request.kind().equals(kind));
  }

  /** Whether the token was there; it is not any more. */
  synchronized boolean take(String token) {
    forgetOld(nanoClock.getAsLong());
    return entries.remove(token) != null;
  }

  private void forgetOld(long now) {
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext() && oldest.next().deadline() - now <= 0) {
      oldest.remove();
    }
  }
}
