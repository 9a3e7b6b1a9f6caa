package dev.carafe.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.HashMap;
import java.util.Map;

/** Whole directories: copy and delete. Needs no privilege. */
public final class Trees {
  private Trees() {}

  /** Deletes a directory with everything in it; does nothing if it is not there. */
  public static void delete(Path directory) {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
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
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Copies files, directories and symbolic links with modes, owners, times, {@code user.} extended
   * attributes and hard links from one existing directory over another; what is there is replaced.
   */
  public static void copy(Path from, Path to) {
    Map<Object, Path> links = new HashMap<>();
    try {
      Files.walkFileTree(
          from,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes)
                throws IOException {
              Path target = to.resolve(from.relativize(dir));
              if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(target);
                Files.createDirectory(target);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Path target = to.resolve(from.relativize(file));
              delete(target);
              Object inode = attributes.fileKey();
              Path first = links.putIfAbsent(inode, target);
              if (first != null) {
                Files.createLink(target, first);
                return FileVisitResult.CONTINUE;
              }
              Files.copy(
                  file, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
              attributes(file, target);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException failure)
                throws IOException {
              attributes(dir, to.resolve(from.relativize(dir)));
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void attributes(Path from, Path to) throws IOException {
    UnixAttributes unix = UnixAttributes.of(from);
    UnixAttributes now = UnixAttributes.of(to);
    if (now.uid() != unix.uid()) {
      Files.setAttribute(to, "unix:uid", unix.uid(), LinkOption.NOFOLLOW_LINKS);
    }
    if (now.gid() != unix.gid()) {
      Files.setAttribute(to, "unix:gid", unix.gid(), LinkOption.NOFOLLOW_LINKS);
    }
    if (Files.isSymbolicLink(from)) {
      return;
    }
    extended(from, to);
    Files.setAttribute(to, "unix:mode", unix.mode() & 07777);
    Files.setLastModifiedTime(to, unix.time());
  }

  private static void extended(Path from, Path to) throws IOException {
    var source =
        Files.getFileAttributeView(
            from, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    var target =
        Files.getFileAttributeView(
            to, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    for (String name : source.list()) {
      ByteBuffer value = ByteBuffer.allocate(source.size(name));
      source.read(name, value);
      target.write(name, value.flip());
    }
  }
}
