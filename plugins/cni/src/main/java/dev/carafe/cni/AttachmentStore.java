package dev.carafe.cni;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of all pods, in memory and as one file each: {@code ID.json}. A record is on the
 * medium before {@link #put} returns, and replaced as a whole. Calls for one pod take turns.
 */
final class AttachmentStore {
  private static final Logger log = LoggerFactory.getLogger(AttachmentStore.class);
  private static final String SUFFIX = ".json";
  private static final String UNFINISHED = ".new";
  private static final int MAX_BYTES = 4 << 20;

  private final Path directory;
  private final Map<String, PodRecord> records = new ConcurrentHashMap<>();

  private AttachmentStore(Path directory) {
    this.directory = directory;
  }

  static AttachmentStore open(Path directory) {
    AttachmentStore store = new AttachmentStore(directory);
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      store.load();
    } catch (IOException e) {
      throw new UncheckedIOException(directory + ": " + e.getMessage(), e);
    }
    return store;
  }

  private void load() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      found.forEach(files::add);
    }
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      if (name.endsWith(UNFINISHED)) {
        Files.deleteIfExists(file);
      } else if (name.endsWith(SUFFIX)) {
        String id = name.substring(0, name.length() - SUFFIX.length());
        if (Names.isName(id)) {
          records.put(id, read(id, file));
        }
      }
    }
  }

  private static PodRecord read(String id, Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new InvalidArgumentException(file + ": larger than " + MAX_BYTES + " bytes");
      }
      return PodRecord.of(id, file.toString(), Files.readAllBytes(file));
    } catch (IOException | InvalidArgumentException e) {
      log.warn("the record of pod {}'s networks is damaged: {}", id, e.getMessage());
      return new PodRecord(id, PodRecord.State.DAMAGED, List.of());
    }
  }

  Optional<PodRecord> find(String id) {
    return Optional.ofNullable(records.get(id));
  }

  Collection<PodRecord> all() {
    return List.copyOf(records.values());
  }

  void put(PodRecord record) {
    byte[] bytes = record.bytes();
    if (bytes.length > MAX_BYTES) {
      throw new InvalidArgumentException(
          "pod \"" + record.id() + "\": the record of its networks is larger than " + MAX_BYTES);
    }
    try {
      write(directory.resolve(record.id() + SUFFIX), bytes, 0600);
    } catch (IOException e) {
      throw new UncheckedIOException("record of pod \"" + record.id() + "\"", e);
    }
    records.put(record.id(), record);
  }

  void delete(String id) {
    try {
      Files.deleteIfExists(directory.resolve(id + SUFFIX));
      sync(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("record of pod \"" + id + "\"", e);
    }
    records.remove(id);
  }

  /** Puts the bytes on the medium under a name that is either the old file or the new one. */
  static void write(Path file, byte[] bytes, int mode) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + UNFINISHED);
    int flags = OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.TRUNC;
    try (Fd fd = PathCalls.open(next, flags, mode)) {
      FileIo.writeFully(fd, bytes);
      FileCalls.fsync(fd);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Path parent = file.getParent();
    if (parent != null) {
      sync(parent);
    }
  }

  private static void sync(Path directory) {
    try (Fd fd = PathCalls.open(directory, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0)) {
      FileCalls.fsync(fd);
    }
  }
}
