package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Entries of a tar stream (POSIX ustar and pax, GNU long names), in one pass. Only what image
 * archives use: files, links and directories; all else is skipped, sparse files are refused.
 */
final class TarEntries {
  private static final int BLOCK = 512;
  private static final int EXTENSION_LIMIT = 1 << 20;

  /** What an entry is. */
  enum Type {
    FILE,
    SYMLINK,
    HARD_LINK,
    OTHER
  }

  /**
   * One entry.
   *
   * @param name without {@code .} and empty components
   * @param link the target's name inside the archive; empty unless it is a link
   */
  record Entry(Type type, String name, long size, String link) {}

  private final InputStream in;
  private final ImageArchiveConfig limits;
  private final byte[] block = new byte[BLOCK];
  private long bodyLeft;
  private long padding;
  private int headers;

  TarEntries(InputStream in, ImageArchiveConfig limits) {
    this.in = in;
    this.limits = limits;
  }

  /** The next entry, whatever is left of the one before; null at the end. */
  @Nullable Entry next() throws IOException {
    skip(bodyLeft + padding);
    bodyLeft = 0;
    padding = 0;
    Map<String, String> pax = new HashMap<>();
    while (true) {
      int first = in.readNBytes(block, 0, BLOCK);
      if (first == 0) {
        return null;
      }
      if (first < BLOCK) {
        throw new EOFException("ends inside a header");
      }
      if (isZero()) {
        return null;
      }
      if (++headers > limits.maxEntries()) {
        throw new ResourceExhaustedException(
            "image archive: has more than " + limits.maxEntries() + " entries");
      }
      verify();
      switch (block[156]) {
        case 'x' -> records(extension(), pax);
        case 'g' -> skip(padded(size(124)));
        case 'L' -> pax.put("path", untilNul(extension()));
        case 'K' -> pax.put("linkpath", untilNul(extension()));
        default -> {
          return entry(pax);
        }
      }
    }
  }

  private Entry entry(Map<String, String> pax) {
    String shown = printable(pax.getOrDefault("path", name()));
    if (block[156] == 'S' || pax.keySet().stream().anyMatch(key -> key.startsWith("GNU.sparse"))) {
      throw new InvalidArgumentException("image archive: entry \"" + shown + "\" is a sparse file");
    }
    long size = pax.containsKey("size") ? decimal(pax.getOrDefault("size", "")) : size(124);
    Type type =
        switch (block[156]) {
          case 0, '0', '7' -> Type.FILE;
          case '1' -> Type.HARD_LINK;
          case '2' -> Type.SYMLINK;
          default -> Type.OTHER;
        };
    String name = clean("", pax.getOrDefault("path", name()));
    String link = pax.getOrDefault("linkpath", text(157, 100));
    boolean body = type == Type.FILE || type == Type.OTHER;
    bodyLeft = body ? size : 0;
    padding = padded(bodyLeft) - bodyLeft;
    return new Entry(
        type,
        name,
        type == Type.FILE ? size : 0,
        switch (type) {
          case SYMLINK -> clean(name.substring(0, Math.max(0, name.lastIndexOf('/'))), link);
          case HARD_LINK -> clean("", link);
          case FILE, OTHER -> "";
        });
  }

  /** Reads what follows the end of the archive. */
  void drain() throws IOException {
    in.transferTo(OutputStream.nullOutputStream());
  }

  /** Some of the current file; -1 at its end. */
  int read(byte[] bytes) throws IOException {
    if (bodyLeft == 0) {
      return -1;
    }
    int count = in.read(bytes, 0, (int) Math.min(bytes.length, bodyLeft));
    if (count < 0) {
      throw new EOFException("ends inside an entry");
    }
    bodyLeft -= count;
    return count;
  }

  /** All of the current file. */
  byte[] readAll(String name, int limit) throws IOException {
    if (bodyLeft > limit) {
      throw new ResourceExhaustedException(
          "image archive: "
              + name
              + " of "
              + bodyLeft
              + " bytes is larger than the limit of "
              + limit);
    }
    byte[] bytes = in.readNBytes((int) bodyLeft);
    if (bytes.length < bodyLeft) {
      throw new EOFException("ends inside an entry");
    }
    bodyLeft = 0;
    return bytes;
  }

  private byte[] extension() throws IOException {
    long size = size(124);
    if (size > EXTENSION_LIMIT) {
      throw new ResourceExhaustedException("image archive: extension header of " + size + " bytes");
    }
    byte[] bytes = in.readNBytes((int) size);
    if (bytes.length < size) {
      throw new EOFException("ends inside a header");
    }
    skip(padded(size) - size);
    return bytes;
  }

  private static void records(byte[] bytes, Map<String, String> pax) {
    for (int at = 0; at < bytes.length; ) {
      int space = at;
      while (space < bytes.length && bytes[space] != ' ' && space - at < 10) {
        space++;
      }
      long length =
          space < bytes.length && bytes[space] == ' '
              ? decimal(new String(bytes, at, space - at, StandardCharsets.US_ASCII))
              : 0;
      int equals = space + 1;
      while (equals < bytes.length && bytes[equals] != '=') {
        equals++;
      }
      if (length > bytes.length - at
          || at + length - 1 <= equals
          || bytes[at + (int) length - 1] != '\n') {
        throw new DataLossException("image archive: extended header is damaged");
      }
      int end = at + (int) length;
      pax.put(
          new String(bytes, space + 1, equals - space - 1, StandardCharsets.UTF_8),
          new String(bytes, equals + 1, end - equals - 2, StandardCharsets.UTF_8));
      at = end;
    }
  }

  private void verify() {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
    }
    if (sum != size(148, 8)) {
      throw new InvalidArgumentException("image archive: is no tar archive, or is damaged");
    }
  }

  private boolean isZero() {
    for (byte octet : block) {
      if (octet != 0) {
        return false;
      }
    }
    return true;
  }

  private String name() {
    String name = text(0, 100);
    boolean ustar = text(257, 6).startsWith("ustar") && block[262] == 0;
    String prefix = ustar ? text(345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private long size(int at) {
    return size(at, 12);
  }

  /** Octal digits, or base 256 as GNU tar writes large ones. */
  private long size(int at, int length) {
    if ((block[at] & 0x80) != 0) {
      long value = 0;
      for (int i = at + length - 8; i < at + length; i++) {
        value = value << 8 | (block[i] & 0xff);
      }
      boolean small = (block[at] & 0xff) == 0x80;
      for (int i = at + 1; i < at + length - 8; i++) {
        small &= block[i] == 0;
      }
      if (!small || value < 0) {
        throw new InvalidArgumentException("image archive: an entry's size is not a size");
      }
      return value;
    }
    long value = 0;
    for (char digit : text(at, length).strip().toCharArray()) {
      if (digit < '0' || digit > '7') {
        throw new InvalidArgumentException("image archive: is no tar archive, or is damaged");
      }
      value = value << 3 | (digit - '0');
    }
    return value;
  }

  private static long decimal(String text) {
    if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new DataLossException("image archive: extended header is damaged");
    }
    return Long.parseLong(text);
  }

  private String text(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return new String(block, at, end - at, StandardCharsets.UTF_8);
  }

  private static String untilNul(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(Arrays.copyOf(bytes, end), StandardCharsets.UTF_8);
  }

  private static long padded(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

  private void skip(long count) throws IOException {
    try {
      in.skipNBytes(count);
    } catch (EOFException e) {
      EOFException clear = new EOFException("ends inside an entry");
      clear.initCause(e);
      throw clear;
    }
  }

  /**
   * The name that a path means below a directory of the archive.
   *
   * @throws InvalidArgumentException if it leaves the archive
   */
  static String clean(String directory, String path) {
    Deque<String> parts = new ArrayDeque<>();
    if (!path.startsWith("/") && !directory.isEmpty()) {
      parts.addAll(Arrays.asList(directory.split("/")));
    }
    for (String part : path.split("/")) {
      switch (part) {
        case "", "." -> {}
        case ".." -> {
          if (parts.pollLast() == null) {
            throw new InvalidArgumentException(
                "image archive: entry \"" + printable(path) + "\" leaves the archive");
          }
        }
        default -> parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }

  static String printable(String text) {
    String cut = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
