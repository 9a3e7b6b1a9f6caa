package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.images.ImageDestination.Content;
import dev.carafe.spi.images.ImageDestination.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One blob on its way to a host (OCI distribution specification, "Pushing blobs"): taken over from
 * another repository, or sent in one request or in chunks. What broke off goes on where the host
 * says that it stopped, in the same session; a host that has forgotten it gets it anew.
 */
final class BlobUpload {
  private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-([0-9]{1,18})");
  private static final int MOUNTS = 4;
  private static final long PROGRESS = 1 << 20;

  private final String what;
  private final String uploads;
  private final Descriptor blob;
  private final Content content;
  private final HostSession host;
  private final Attempts attempts;
  private final Timing timing;
  private final long configuredChunk;

  private @Nullable URI session;
  private long chunk;
  private long offset;

  /** How far it had come when failures were last forgotten. */
  private long reached;

  /**
   * @param what for messages
   * @param chunk most bytes of one request, 0 for all
   */
  BlobUpload(
      String what,
      String repository,
      Descriptor blob,
      Content content,
      HostSession host,
      Attempts attempts,
      Timing timing,
      long chunk) {
    this.what = what;
    this.uploads = "/" + repository + "/blobs/uploads/";
    this.blob = blob;
    this.content = content;
    this.host = host;
    this.attempts = attempts;
    this.timing = timing;
    this.configuredChunk = chunk;
    this.chunk = chunk;
  }

  Outcome run(List<String> elsewhere) {
    boolean first = true;
    for (int failures = 0; ; first = false) {
      boolean pieced = offset > 0;
      HostFailure failure;
      try {
        if (first && mount(elsewhere)) {
          return Outcome.MOUNTED;
        }
        send();
        return Outcome.UPLOADED;
      } catch (HostFailure e) {
        failure = e;
      } catch (IOException e) {
        failure = HostFailure.of(e);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw Attempts.cancelled(what, failure);
      }
      failures++;
      Duration wait =
          failure.retryAfter().isZero() ? Timing.backoff(failures) : failure.retryAfter();
      if (!(failure.mayPass() || (pieced && !isRefusal(failure)))
          || failures > timing.retries()
          || wait.compareTo(Timing.RETRY_AFTER_LIMIT) > 0) {
        throw failure.toDaemonException(what + ": " + host.name() + ": " + failure.reason());
      }
      attempts.pause(what, wait);
      if (!failure.mayPass()) {
        // What was put together of two halves may be wrong: once more in one piece.
        restart();
      } else if (takeUp() >= reached + PROGRESS) {
        reached = offset;
        failures = 0;
      }
    }
  }

  private static boolean isRefusal(HostFailure failure) {
    return failure.kind() == HostFailure.Kind.UNAUTHENTICATED
        || failure.kind() == HostFailure.Kind.PERMISSION_DENIED;
  }

  /** Asks for the blob of another repository. A host that does not do it has opened a session. */
  private boolean mount(List<String> elsewhere) throws IOException, HostFailure {
    for (String other : elsewhere.stream().limit(MOUNTS).toList()) {
      String query = "?mount=" + encoded(blob.digest().toString()) + "&from=" + encoded(other);
      try (Reply reply = host.change("POST", uploads + query, Headers.NONE, RequestBody.NONE)) {
        switch (reply.status()) {
          case 201 -> {
            return true;
          }
          case 202 -> {
            begin(reply);
            return false;
          }
          default -> {
            // The other repository may be none of this user's.
          }
        }
      }
    }
    return false;
  }

  private void begin(Reply reply) throws HostFailure {
    session = host.location(reply);
    offset = 0;
    chunk = configuredChunk;
    long least = reply.headers().first("OCI-Chunk-Min-Length").map(BlobUpload::number).orElse(0L);
    if (chunk > 0 && least > chunk) {
      chunk = least;
    }
  }

  private void send() throws IOException, HostFailure {
    if (session == null) {
      try (Reply reply = host.change("POST", uploads, Headers.NONE, RequestBody.NONE)) {
        if (reply.status() != 202) {
          throw failure(reply);
        }
        begin(reply);
      }
    }
    if (offset == 0 && (chunk == 0 || blob.size() <= chunk)) {
      finish(new Part(0, blob.size()));
      return;
    }
    while (offset < blob.size()) {
      long length = blob.size() - offset;
      patch(new Part(offset, chunk == 0 ? length : Math.min(chunk, length)));
    }
    finish(RequestBody.NONE);
  }

  private void patch(Part part) throws IOException, HostFailure {
    long end = part.from + part.length;
    Headers headers =
        Headers.builder()
            .add("Content-Type", "application/octet-stream")
            .add("Content-Range", part.from + "-" + (end - 1))
            .build();
    try (Reply reply = host.change("PATCH", current(), headers, part)) {
      if (reply.status() != 202 && reply.status() != 201 && reply.status() != 204) {
        throw failure(reply);
      }
      session = host.location(reply);
      offset = end;
    }
  }

  private void finish(RequestBody body) throws IOException, HostFailure {
    URI place = current();
    String separator = place.getRawQuery() == null ? "?" : "&";
    URI closing = URI.create(place + separator + "digest=" + encoded(blob.digest().toString()));
    Headers headers = Headers.builder().add("Content-Type", "application/octet-stream").build();
    try (Reply reply = host.change("PUT", closing, headers, body)) {
      if (reply.status() != 201 && reply.status() != 200 && reply.status() != 204) {
        throw failure(reply);
      }
    }
  }

  private URI current() {
    URI place = session;
    if (place == null) {
      throw new IllegalStateException("no session");
    }
    return place;
  }

  /** Finds out how far the host has come, and how far that is; where it does not know, from 0. */
  private long takeUp() {
    URI place = session;
    if (place == null) {
      return 0;
    }
    try (Reply reply = host.change("GET", place, Headers.NONE, RequestBody.NONE)) {
      OptionalLong stored = stored(reply);
      if (stored.isPresent() && stored.getAsLong() > 0 && stored.getAsLong() <= blob.size()) {
        if (reply.headers().first("Location").isPresent()) {
          session = host.location(reply);
        }
        offset = stored.getAsLong();
        return offset;
      }
    } catch (IOException | HostFailure e) {
      // It is asked for a new session next, and says then what is wrong.
    }
    restart();
    return 0;
  }

  private static OptionalLong stored(Reply reply) {
    if (reply.status() != 204 && reply.status() != 202 && reply.status() != 200) {
      return OptionalLong.empty();
    }
    Matcher range = RANGE.matcher(reply.headers().first("Range").orElse(""));
    // "0-0" is said of one byte and of none.
    return range.matches() && !range.group(1).equals("0")
        ? OptionalLong.of(Long.parseLong(range.group(1)) + 1)
        : OptionalLong.empty();
  }

  private void restart() {
    session = null;
    offset = 0;
  }

  private HostFailure failure(Reply reply) {
    return Failures.of(reply, "", Budget.of(timing.header()));
  }

  private static long number(String text) {
    return !text.isEmpty()
            && text.length() <= 15
            && text.chars().allMatch(c -> c >= '0' && c <= '9')
        ? Long.parseLong(text)
        : 0;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** Some of the blob. */
  private final class Part implements RequestBody {
    private final long from;
    private final long length;

    Part(long from, long length) {
      this.from = from;
      this.length = length;
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public InputStream open() throws IOException {
      return content.open(from);
    }
  }
}
