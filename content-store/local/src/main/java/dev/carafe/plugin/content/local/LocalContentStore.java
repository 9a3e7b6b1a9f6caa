package dev.carafe.plugin.content.local;

import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.FilesystemStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Blobs as files, named by their digests; see {@link ContentLayout}. Keeps no labels: the daemon
 * has them in its metadata.
 *
 * <p>Takes no lock during I/O: a ref belongs to one writer by an entry in memory, and a blob gets
 * its name by a rename that only one writer at a time can make. After a crash an ingest has at
 * least the bytes that the kernel had written back, and is hashed anew when it is resumed.
 */
final class LocalContentStore implements ContentStore {
  private final ContentLayout layout;
  private final Publisher publisher;
  private final RefLocks locks = new RefLocks();
  private final AtomicLong scratches = new AtomicLong();
  private final String instance = Long.toHexString(new SecureRandom().nextLong());

  private LocalContentStore(ContentLayout layout) {
    this.layout = layout;
    this.publisher = new Publisher(layout);
  }

  /** Opens what is in {@code root}, which exists, and clears away what cannot be resumed. */
  static LocalContentStore open(Path root) {
    ContentLayout layout = new ContentLayout(root.toAbsolutePath().normalize());
    Repair.afterStart(layout);
    return new LocalContentStore(layout);
  }

  @Override
  public BlobInfo info(Digest digest) {
    FileStat found = publisher.find(digest);
    if (found == null) {
      throw notFound(digest);
    }
    return info(digest, found);
  }

  private static BlobInfo info(Digest digest, FileStat file) {
    Instant time = Instant.ofEpochSecond(file.mtimeSeconds(), file.mtimeNanos());
    return new BlobInfo(digest, file.size(), time, time, Map.of());
  }

  boolean exists(Digest digest) {
    return publisher.find(digest) != null;
  }

  boolean publish(RawPath file, Digest digest) {
    return publisher.publish(file, digest);
  }

  @Override
  public BlobReader open(Digest digest) {
    if (!exists(digest)) {
      throw notFound(digest);
    }
    try {
      Fd file = PathCalls.open(layout.blob(digest), OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0);
      return new LocalReader(file, FileCalls.fstat(file).size());
    } catch (ErrnoException e) {
      throw e.is(Errno.ENOENT) ? notFound(digest) : Failures.of("content digest " + digest, e);
    }
  }

  @Override
  public void forEachBlob(Consumer<BlobInfo> visitor) {
    for (String algorithm : ContentLayout.ALGORITHMS) {
      int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY;
      try (Fd directory = PathCalls.open(layout.blobs(algorithm), flags, 0);
          DirectoryReader names = DirectoryReader.open(directory)) {
        for (var entry = names.next(); entry != null; entry = names.next()) {
          digest(algorithm, entry.name())
              .flatMap(digest ->
                  Optional.ofNullable(publisher.find(digest)).map(file -> info(digest, file)))
              .ifPresent(visitor);
        }
      }
    }
  }

  private static Optional<Digest> digest(String algorithm, RawPath name) {
    try {
      return Optional.of(new Digest(algorithm, name.toString()));
    } catch (InvalidArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * @throws UnimplementedException always: labels are the daemon's
   */
  @Override
  public BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change) {
    throw new UnimplementedException("content digest " + digest + ": this store keeps no labels");
  }

  @Override
  public void delete(Digest digest) {
    if (!exists(digest)) {
      throw notFound(digest);
    }
    try {
      PathCalls.unlinkat(Fd.CWD, RawPath.of(layout.blob(digest)), 0);
    } catch (ErrnoException e) {
      throw e.is(Errno.ENOENT) ? notFound(digest) : e;
    }
  }

  /** One system call for each that is there. */
  @Override
  public void deleteAll(Collection<Digest> digests) {
    for (Digest digest : digests) {
      try {
        if (!publisher.isPublishing(digest)) {
          PathCalls.unlinkat(Fd.CWD, RawPath.of(layout.blob(digest)), 0);
        }
      } catch (ErrnoException e) {
        if (!e.is(Errno.ENOENT)) {
          throw e;
        }
      }
    }
  }

  @Override
  public IngestStatus status(String ref) {
    RefLocks.Hold hold = locks.holder(ref);
    LocalWriter writer = hold == null || hold.aborted() ? null : hold.writer();
    if (writer != null) {
      return writer.status();
    }
    return new IngestDirectory(layout.ingest(ref))
        .status()
        .orElseThrow(() -> new NotFoundException("ingest " + ref + ": not found"));
  }

  @Override
  public List<IngestStatus> ingests() {
    List<IngestStatus> found = new ArrayList<>();
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY;
    try (Fd directory = PathCalls.open(layout.ingests(), flags, 0);
        DirectoryReader names = DirectoryReader.open(directory)) {
      for (var entry = names.next(); entry != null; entry = names.next()) {
        Path path = layout.ingests().resolve(entry.name().toString());
        if (!ContentLayout.isScratch(path)) {
          new IngestDirectory(path).status().ifPresent(status -> found.add(live(status)));
        }
      }
    }
    return found;
  }

  private IngestStatus live(IngestStatus stored) {
    RefLocks.Hold hold = locks.holder(stored.ref());
    LocalWriter writer = hold == null ? null : hold.writer();
    return writer == null ? stored : writer.status();
  }

  /** The writer that holds the ref, if any, cannot write or commit afterwards. */
  @Override
  public void abort(String ref) {
    IngestDirectory ingest = new IngestDirectory(layout.ingest(ref));
    if (ingest.status().isEmpty()) {
      throw new NotFoundException("ingest " + ref + ": not found");
    }
    try (RefLocks.Hold _ = locks.lockOrAbort(ref)) {
      discard(ingest);
    }
  }

  void discard(IngestDirectory ingest) {
    ingest.remove(scratch());
  }

  /** A name in the ingest directory that nobody else uses. */
  private Path scratch() {
    return layout.scratch(instance + "-" + scratches.incrementAndGet());
  }

  @Override
  public ContentWriter writer(IngestRequest request) {
    Digest expected = request.expected();
    if (expected != null && exists(expected)) {
      throw new AlreadyExistsException("content " + expected + ": already exists");
    }
    RefLocks.Hold hold = locks.lock(request.ref());
    try {
      LocalWriter writer = open(request, hold);
      hold.writer(writer);
      if (hold.aborted()) {
        writer.close();
        throw new AbortedException("ref " + request.ref() + ": the ingest was aborted");
      }
      return writer;
    } catch (ErrnoException e) {
      hold.close();
      throw Failures.of("content ref " + request.ref(), e);
    } catch (RuntimeException | Error e) {
      hold.close();
      throw e;
    }
  }

  private LocalWriter open(IngestRequest request, RefLocks.Hold hold) {
    Path path = layout.ingest(request.ref());
    IngestDirectory ingest = new IngestDirectory(path);
    IngestStatus stored = ingest.status().orElse(null);
    if (stored == null) {
      requireSpace(request.ref(), request.total());
      Instant now = Instant.now();
      discard(ingest);
      ingest = IngestDirectory.create(scratch(), path, request.ref(), request.total(), now);
      stored = new IngestStatus(request.ref(), 0, request.total(), null, now, now);
    } else {
      long total = stored.total();
      if (total > 0 && request.total() > 0 && total != request.total()) {
        throw new FailedPreconditionException(
            "ref %s: total %d differs from that of the ingest, %d"
                .formatted(request.ref(), request.total(), total));
      }
      if (total == 0 && request.total() > 0) {
        ingest.setTotal(request.total());
      }
      requireSpace(request.ref(), Math.max(total, request.total()) - stored.offset());
    }
    IngestStatus status =
        new IngestStatus(
            request.ref(),
            stored.offset(),
            Math.max(stored.total(), request.total()),
            request.expected(),
            stored.startedAt(),
            stored.updatedAt());
    return LocalWriter.open(this, hold, ingest, status);
  }

  /** Refuses early what cannot fit. */
  private void requireSpace(String ref, long bytes) {
    if (bytes <= 0) {
      return;
    }
    FilesystemStat disk = FileCalls.statfs(RawPath.of(layout.ingests()));
    long free = disk.freeBlocks() * disk.blockSize();
    if (bytes > free) {
      throw new ResourceExhaustedException(
          "content ref %s: needs %d bytes, and %d are free".formatted(ref, bytes, free));
    }
  }

  private static NotFoundException notFound(Digest digest) {
    return new NotFoundException("content digest " + digest + ": not found");
  }
}
