package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one blob or manifest from an offset to its size, never more. A connection that
 * breaks, ends early or falls silent is replaced by one that goes on from there; so many times
 * without progress in between, and the read throws {@link UnavailableException}. What the host then
 * answers instead (gone, denied) is thrown as the plugin's other methods throw it; an interrupt as
 * {@link CancelledException}.
 */
final class BlobStream extends InputStream {
  /** So many bytes between two breaks count as progress. */
  private static final long PROGRESS = 64 * 1024;

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");

  private final String what;
  private final String path;
  private final long size;
  private final boolean manifest;
  private final List<HostSession> hosts;
  private final Attempts attempts;
  private final int retries;
  private @Nullable HostSession current;
  private long position;
  private long sinceBreak;
  private int breaks;
  private volatile @Nullable Body body;
  private volatile boolean closed;

  /**
   * Opens it.
   *
   * @param what for messages
   * @param hosts to be asked in this order; after a break the one in use is asked first
   */
  static BlobStream open(
      String what,
      String repository,
      Descriptor descriptor,
      long offset,
      List<HostSession> hosts,
      Attempts attempts,
      int retries) {
    BlobStream stream =
        new BlobStream(what, repository, descriptor, offset, hosts, attempts, retries);
    stream.connect();
    return stream;
  }

  private BlobStream(
      String what,
      String repository,
      Descriptor descriptor,
      long offset,
      List<HostSession> hosts,
      Attempts attempts,
      int retries) {
    this.what = what;
    this.manifest = ManifestResolver.isManifest(descriptor.mediaType());
    this.path = "/" + repository + (manifest ? "/manifests/" : "/blobs/") + descriptor.digest();
    this.size = descriptor.size();
    this.hosts = hosts;
    this.attempts = attempts;
    this.retries = retries;
    this.position = offset;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (position < size) {
      IOException broken;
      try {
        int count = body().read(target, offset, (int) Math.min(length, size - position));
        if (count > 0) {
          position += count;
          sinceBreak += count;
          return count;
        }
        broken = new EOFException("ends after " + position + " of " + size + " bytes");
      } catch (IOException e) {
        broken = e;
      }
      reconnect(broken);
    }
    return -1;
  }

  /** What can be read without waiting is not known. */
  @Override
  public int available() {
    return 0;
  }

  /** Ends a read that waits in another thread, too. */
  @Override
  public void close() {
    closed = true;
    Body open = body;
    if (open != null) {
      open.close();
    }
  }

  private Body body() throws IOException {
    Body open = body;
    if (closed || open == null) {
      throw new IOException("stream is closed");
    }
    return open;
  }

  private void reconnect(IOException broken) throws IOException {
    body().close();
    if (Thread.currentThread().isInterrupted()) {
      throw Attempts.cancelled(what, broken);
    }
    breaks = sinceBreak < PROGRESS ? breaks + 1 : 1;
    sinceBreak = 0;
    if (breaks > retries) {
      throw new UnavailableException(
          what
              + ": broken off "
              + breaks
              + " times at byte "
              + position
              + ": "
              + HostFailure.of(broken).reason(),
          broken);
    }
    attempts.pause(what, Timing.backoff(breaks));
    connect();
  }

  private void connect() {
    HostSession last = current;
    List<HostSession> order =
        last == null
            ? hosts
            : Stream.concat(Stream.of(last), hosts.stream().filter(host -> host != last)).toList();
    body =
        attempts.run(
            what,
            order,
            (host, budget) -> {
              Body opened = ask(host, budget);
              current = host;
              return opened;
            });
    if (closed) {
      close();
    }
  }

  private Body ask(HostSession host, Budget budget) throws IOException, HostFailure {
    Headers.Builder headers = Headers.builder();
    if (manifest) {
      headers.setAll(ManifestResolver.ACCEPT);
    } else {
      headers.add("Accept", "*/*");
    }
    if (position > 0) {
      headers.add("Range", "bytes=" + position + "-");
    }
    Reply reply = host.ask("GET", path, headers.build(), budget);
    try {
      check(reply, budget);
      return reply.body();
    } catch (IOException | HostFailure | RuntimeException e) {
      reply.close();
      throw e;
    }
  }

  /** Sees to it that the body goes on exactly at {@link #position}. */
  private void check(Reply reply, Budget budget) throws IOException, HostFailure {
    long total;
    long start;
    switch (reply.status()) {
      case 200 -> {
        total = reply.body().declared();
        start = 0;
      }
      case 206 -> {
        Matcher range = CONTENT_RANGE.matcher(reply.headers().first("Content-Range").orElse(""));
        if (position == 0 || !range.matches()) {
          throw HostFailure.lasting(
              HostFailure.Kind.UNAVAILABLE, "answers with a part that it does not describe");
        }
        start = Long.parseLong(range.group(1));
        total = range.group(3).equals("*") ? Body.UNKNOWN : Long.parseLong(range.group(3));
      }
      case 416 ->
          throw HostFailure.lasting(
              HostFailure.Kind.DATA_LOSS, "has nothing from byte " + position + " of " + size);
      default -> throw Failures.of(reply, "", budget);
    }
    if (total != Body.UNKNOWN && total != size) {
      throw HostFailure.lasting(
          HostFailure.Kind.DATA_LOSS, "has " + total + " bytes instead of " + size);
    }
    if (start > position) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE,
          "answers from byte " + start + " when asked from byte " + position);
    }
    skip(reply.body(), position - start);
  }

  /** Reads over what the server sends although it was not asked for. */
  private static void skip(Body body, long count) throws IOException {
    byte[] scratch = new byte[(int) Math.min(count, 64 * 1024)];
    for (long left = count; left > 0; ) {
      int read = body.read(scratch, 0, (int) Math.min(scratch.length, left));
      if (read < 0) {
        throw new EOFException("ends before the byte that was asked for");
      }
      left -= read;
    }
  }
}
