package com.example.hardlink;

import dev.carafe.spi.errors.CancelledException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One name for each content that committed layers have: {@code pool/SHA256}, over a file's bytes and
 * all else that is the inode's and not the name's: mode, owner, time.
 *
 * <p>A pooled inode gets one name in a layer at most: two equal files of one image are two files,
 * and a container that has a copy of the layer must be able to change one of them alone. For the
 * same reason, files with several names already are left as they are, and so are files with
 * extended attributes (capabilities are such), which the JDK cannot compare.
 */
final class Pool {
  private static final String INODE = "unix:mode,uid,gid,nlink,size,lastModifiedTime";

  private final Path directory;
  private final long leastBytes;

  private Pool(Path directory, long leastBytes) {
    this.directory = directory;
    this.leastBytes = leastBytes;
  }

  static Pool open(Path directory, long leastBytes) throws IOException {
    return new Pool(Files.createDirectories(directory), leastBytes);
  }

  /**
   * Makes equal files of {@code tree} and earlier layers one.
   *
   * @param spare a name on the same file system where nothing is
   */
  void share(Path tree, Path spare) throws IOException {
    Files.deleteIfExists(spare);
    Set<String> used = new HashSet<>();
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (Thread.currentThread().isInterrupted()) {
              throw new CancelledException("sharing files: interrupted");
            }
            if (attributes.isRegularFile() && attributes.size() >= leastBytes) {
              Map<String, Object> inode =
                  Files.readAttributes(file, INODE, LinkOption.NOFOLLOW_LINKS);
              if (inode.get("nlink").equals(1) && !Xattrs.any(file)) {
                String name = name(file, inode);
                if (used.add(name)) {
                  shareOne(file, directory.resolve(name), spare);
                }
              }
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void shareOne(Path file, Path pooled, Path spare) throws IOException {
    try {
      Files.createLink(pooled, file);
    } catch (FileAlreadyExistsException e) {
      FileTime time = Files.getLastModifiedTime(file.getParent());
      try {
        Files.createLink(spare, pooled);
      } catch (FileSystemException full) {
        // An inode has as many names as it can have (65,000 on ext4).
        return;
      }
      Files.move(spare, file, StandardCopyOption.ATOMIC_MOVE);
      Files.setLastModifiedTime(file.getParent(), time);
    }
  }

  private static String name(Path file, Map<String, Object> inode) throws IOException {
    MessageDigest digest = sha256();
    String facts =
        inode.get("mode")
            + " "
            + inode.get("uid")
            + " "
            + inode.get("gid")
            + " "
            + ((FileTime) inode.get("lastModifiedTime")).toInstant()
            + "\n";
    digest.update(facts.getBytes(StandardCharsets.UTF_8));
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Deletes what no layer has any more. */
  void deleteUnused() throws IOException {
    List<Path> all;
    try (Stream<Path> found = Files.list(directory)) {
      all = found.toList();
    }
    for (Path pooled : all) {
      if (Files.getAttribute(pooled, "unix:nlink").equals(1)) {
        Files.delete(pooled);
      }
    }
  }
}
