package com.example.hardlink;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.snapshots.Usage;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Directories with everything in them. */
final class Trees {
  private static final long BLOCK = 4096;
  private static final long SYNC_SECONDS = 100;

  private Trees() {}

  /**
   * Copies all in one directory into another, which is empty, and makes it like the first: owners,
   * modes, times, extended attributes, devices, hard links. The JDK copies bytes with
   * copy_file_range(2), which btrfs and XFS answer by sharing extents.
   *
   * @throws CancelledException if the thread is interrupted; what was copied stays
   */
  static void copy(Path from, Path to) throws IOException {
    Map<Object, Path> firstNames = new HashMap<>();
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            requireNotInterrupted();
            copyOne(directory, target(directory));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            requireNotInterrupted();
            Path first = firstNames.putIfAbsent(attributes.fileKey(), target(file));
            if (first == null) {
              copyOne(file, target(file));
            } else {
              Files.createLink(target(file), first);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            // What was put into it has changed its time.
            Files.setLastModifiedTime(target(directory), Files.getLastModifiedTime(directory));
            return FileVisitResult.CONTINUE;
          }

          private Path target(Path source) {
            return to.resolve(from.relativize(source));
          }
        });
  }

  private static void copyOne(Path from, Path to) throws IOException {
    Files.copy(
        from,
        to,
        LinkOption.NOFOLLOW_LINKS,
        StandardCopyOption.COPY_ATTRIBUTES,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Deletes a directory with everything in it. */
  static void delete(Path directory) throws IOException {
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException failure)
                throws IOException {
              Files.delete(dir);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (NoSuchFileException e) {
      // Gone already.
    }
  }

  /** Whole blocks of all files, those with several names once; holes count too. */
  static Usage usage(Path directory) throws IOException {
    Set<Object> seen = new HashSet<>();
    long[] bytes = {0};
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return visitFile(dir, attributes);
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (seen.add(attributes.fileKey())) {
              bytes[0] += (attributes.size() + BLOCK - 1) / BLOCK * BLOCK;
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return new Usage(bytes[0], seen.size());
  }

  /** Forces the file system of a path to the medium (sync(1)): what was copied is nobody else's. */
  static void sync(Path path) throws IOException {
    Process sync =
        new ProcessBuilder("sync", "--file-system", path.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!sync.waitFor(SYNC_SECONDS, TimeUnit.SECONDS) || sync.exitValue() != 0) {
        throw new IOException("sync of " + path + " has failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("sync of " + path + ": interrupted");
    } finally {
      sync.destroyForcibly();
    }
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("copying a snapshot: interrupted");
    }
  }
}
