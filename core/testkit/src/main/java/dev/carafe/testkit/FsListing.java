package dev.carafe.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A directory as text, one line per file, so that two of them can be compared and read. */
final class FsListing {
  private static final int TYPE = 0170000;

  private FsListing() {}

  /**
   * @param timed paths whose times count
   */
  static List<String> of(Path root, Set<String> timed) {
    try (Stream<Path> files = Files.walk(root)) {
      List<Named> all =
          files
              .map(file -> new Named(file, "/" + root.relativize(file)))
              .sorted((a, b) -> a.name.compareTo(b.name))
              .toList();
      Map<Object, String> links = links(all);
      return all.stream().map(file -> line(file, timed.contains(file.name), links)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first name of each file that has several here; names elsewhere do not count. */
  private static Map<Object, String> links(List<Named> files) throws IOException {
    Map<Object, String> first = new HashMap<>();
    Map<Object, String> links = new HashMap<>();
    for (Named file : files) {
      UnixAttributes unix = UnixAttributes.of(file.path);
      if (type(unix.mode()).equals("file") && unix.links() > 1) {
        String other = first.putIfAbsent(unix.inode(), file.name);
        if (other != null) {
          links.put(unix.inode(), other);
        }
      }
    }
    return links;
  }

  private static String line(Named file, boolean timed, Map<Object, String> links) {
    try {
      UnixAttributes unix = UnixAttributes.of(file.path);
      int mode = unix.mode();
      StringBuilder line = new StringBuilder(type(mode)).append(' ').append(file.name);
      line.append(" %04o %s:%s".formatted(mode & 07777, unix.uid(), unix.gid()));
      switch (type(mode)) {
        case "file" -> {
          line.append(' ').append(unix.size()).append(' ').append(hash(file.path));
          if (links.containsKey(unix.inode())) {
            line.append(" same as ").append(links.get(unix.inode()));
          }
        }
        case "link" -> line.append(" -> ").append(Files.readSymbolicLink(file.path));
        case "block", "char" -> line.append(' ').append(unix.device());
        default -> {}
      }
      if (timed) {
        line.append(' ').append(unix.time().toInstant());
      }
      return line.append(attributes(file.path, mode)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(file.path + ": " + e, e);
    }
  }

  /** File types (inode(7)). */
  private static String type(int mode) {
    return switch (mode & TYPE) {
      case 0100000 -> "file";
      case 0040000 -> "dir";
      case 0120000 -> "link";
      case 0060000 -> "block";
      case 0020000 -> "char";
      case 0010000 -> "fifo";
      default -> "socket";
    };
  }

  private static String attributes(Path file, int mode) throws IOException {
    String type = type(mode);
    if (!type.equals("file") && !type.equals("dir")) {
      return "";
    }
    Map<String, String> found = new TreeMap<>();
    var view =
        Files.getFileAttributeView(
            file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    for (String name : view.list()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      found.put(name, StandardCharsets.UTF_8.decode(value.flip()).toString());
    }
    return found.isEmpty() ? "" : " " + found;
  }

  private static String hash(Path file) throws IOException {
    try (InputStream bytes =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      bytes.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(((DigestInputStream) bytes).getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private record Named(Path path, String name) {}
}
