package dev.carafe.plugin.content.local;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.Hashing;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Appends to an ingest's file and hashes what it appends. */
final class LocalWriter implements ContentWriter {
  private static final int CHUNK = 1 << 20;
  private static final int READ_ONLY = 0444;

  private final LocalContentStore store;
  private final RefLocks.Hold hold;
  private final IngestDirectory ingest;
  private final Fd file;
  private final String algorithm;
  private MessageDigest hasher;
  private boolean closed;
  private volatile IngestStatus status;

  private LocalWriter(
      LocalContentStore store,
      RefLocks.Hold hold,
      IngestDirectory ingest,
      Fd file,
      IngestStatus status) {
    this.store = store;
    this.hold = hold;
    this.ingest = ingest;
    this.file = file;
    this.status = status;
    Digest expected = status.expected();
    this.algorithm = expected == null ? "sha256" : expected.algorithm();
    this.hasher = hash(algorithm, file, status.offset());
  }

  /**
   * Takes over the ref and hashes what is there.
   *
   * @param status what is known of the ingest, its offset included
   */
  static LocalWriter open(
      LocalContentStore store, RefLocks.Hold hold, IngestDirectory ingest, IngestStatus status) {
    Fd file = ingest.openData();
    try {
      return new LocalWriter(store, hold, ingest, file, status);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static MessageDigest hash(String algorithm, Fd file, long length) {
    MessageDigest hasher = Hashing.open(algorithm);
    byte[] chunk = new byte[(int) Math.min(length, CHUNK)];
    for (long position = 0; position < length; ) {
      requireNotInterrupted();
      int wanted = (int) Math.min(chunk.length, length - position);
      int read = FileIo.pread(file, chunk, 0, wanted, position);
      if (read == 0) {
        throw new ErrnoException("pread", Errno.EIO, "ingest, shorter than a moment ago");
      }
      hasher.update(chunk, 0, read);
      position += read;
    }
    return hasher;
  }

  @Override
  public IngestStatus status() {
    return status;
  }

  @Override
  public Digest digest() {
    try {
      return Digest.finish(algorithm, ((MessageDigest) hasher.clone()).digest());
    } catch (CloneNotSupportedException e) {
      return Digest.finish(algorithm, hash(algorithm, file, status.offset()).digest());
    }
  }

  @Override
  public void write(ByteBuffer bytes) {
    requireUsable();
    requireNotInterrupted();
    ByteBuffer toHash = bytes.duplicate();
    long offset = status.offset();
    int length = bytes.remaining();
    try {
      FileIo.pwriteFully(file, bytes, offset);
    } catch (ErrnoException e) {
      bytes.position(toHash.position());
      FileCalls.ftruncate(file, offset);
      throw Failures.of("content ref " + hold.ref(), e);
    }
    hasher.update(toHash);
    advance(offset + length);
  }

  @Override
  public void truncate() {
    requireUsable();
    FileCalls.ftruncate(file, 0);
    hasher = Hashing.open(algorithm);
    advance(0);
  }

  private void advance(long offset) {
    IngestStatus old = status;
    status =
        new IngestStatus(
            old.ref(), offset, old.total(), old.expected(), old.startedAt(), Instant.now());
  }

  @Override
  public Digest commit(long size, @Nullable Digest expected, Map<String, String> labels) {
    requireUsable();
    requireNotInterrupted();
    long written = status.offset();
    if (size > 0 && size != written) {
      throw new FailedPreconditionException(
          "unexpected commit size " + written + ", expected " + size);
    }
    Digest digest =
        expected == null || expected.algorithm().equals(algorithm)
            ? digest()
            : Digest.finish(
                expected.algorithm(), hash(expected.algorithm(), file, written).digest());
    if (expected != null && !expected.equals(digest)) {
      throw new FailedPreconditionException(
          "unexpected commit digest " + digest + ", expected " + expected);
    }
    boolean published = store.exists(digest) ? false : publish(digest);
    store.discard(ingest);
    release();
    if (!published) {
      throw new AlreadyExistsException("content " + digest + ": already exists");
    }
    return digest;
  }

  private boolean publish(Digest digest) {
    try {
      FileCalls.fchmod(file, READ_ONLY);
      FileCalls.fsync(file);
      if (hold.aborted()) {
        throw aborted();
      }
      return store.publish(ingest.data(), digest);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) && hold.aborted()) {
        throw aborted();
      }
      throw Failures.of("content " + digest, e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      if (!hold.aborted()) {
        ingest.setUpdatedAt(status.updatedAt());
      }
      release();
    }
  }

  private void release() {
    closed = true;
    file.close();
    hold.close();
  }

  private void requireUsable() {
    if (closed) {
      throw new FailedPreconditionException("ref " + hold.ref() + ": the writer is closed");
    }
    if (hold.aborted()) {
      throw aborted();
    }
  }

  private AbortedException aborted() {
    return new AbortedException("ref " + hold.ref() + ": the ingest was aborted");
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("writing content: interrupted");
    }
  }
}
