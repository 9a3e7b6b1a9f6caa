package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Where an entry goes: a path below the root without {@code .}, {@code ..} and doubled slashes.
 *
 * @param parent path of the directory, empty for the root
 * @param name last component; empty for the root itself
 */
record EntryName(RawPath parent, RawPath name) {
  /** Linux's PATH_MAX without the terminator. */
  static final int MAX_PATH = 4095;

  /** Linux's NAME_MAX. */
  static final int MAX_NAME = 255;

  static final EntryName ROOT = new EntryName(RawPath.EMPTY, RawPath.EMPTY);

  private static final int MAX_SHOWN = 160;

  /**
   * Cleans a name from an archive: leading slashes are dropped, {@code ..} takes away what stands
   * before it.
   *
   * @throws InvalidArgumentException if it leads out of the root, or is longer than Linux allows
   */
  static EntryName clean(byte[] raw, int maxDepth) {
    if (raw.length == 0) {
      throw new InvalidArgumentException("entry without a name");
    }
    byte[] out = new byte[raw.length];
    int length = 0;
    int depth = 0;
    int start = 0;
    while (start < raw.length) {
      int end = start;
      while (end < raw.length && raw[end] != '/') {
        end++;
      }
      int size = end - start;
      if (size == 2 && raw[start] == '.' && raw[start + 1] == '.') {
        if (depth == 0) {
          throw new InvalidArgumentException("entry \"" + show(raw) + "\": leads out of the root");
        }
        depth--;
        length = Math.max(0, lastSlash(out, length));
      } else if (size > 0 && !(size == 1 && raw[start] == '.')) {
        if (size > MAX_NAME) {
          throw new InvalidArgumentException(
              "entry \"" + show(raw) + "\": a name of " + size + " bytes");
        }
        if (length > 0) {
          out[length++] = '/';
        }
        System.arraycopy(raw, start, out, length, size);
        length += size;
        depth++;
      }
      start = end + 1;
    }
    if (length > MAX_PATH) {
      throw new InvalidArgumentException(
          "entry \"" + show(raw) + "\": a path of " + length + " bytes");
    }
    if (depth > maxDepth) {
      throw new ResourceExhaustedException(
          "entry \"" + show(raw) + "\": " + depth + " components, the limit is " + maxDepth);
    }
    if (depth == 0) {
      return ROOT;
    }
    int slash = lastSlash(out, length);
    return new EntryName(path(out, 0, Math.max(0, slash)), path(out, slash + 1, length));
  }

  boolean isRoot() {
    return name.isEmpty();
  }

  RawPath path() {
    return parent.resolve(name);
  }

  @Override
  public String toString() {
    return show(path().bytes());
  }

  /** Bytes from an archive for a message: no control characters, not long. */
  static String show(byte[] raw) {
    String text = new String(raw, 0, Math.min(raw.length, MAX_SHOWN), StandardCharsets.UTF_8);
    var shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) || c == '"' ? '?' : c));
    return raw.length > MAX_SHOWN ? shown + "..." : shown.toString();
  }

  private static int lastSlash(byte[] bytes, int length) {
    int at = length - 1;
    while (at >= 0 && bytes[at] != '/') {
      at--;
    }
    return at;
  }

  private static RawPath path(byte[] bytes, int from, int to) {
    return to <= from ? RawPath.EMPTY : RawPath.of(Arrays.copyOfRange(bytes, from, to));
  }
}
