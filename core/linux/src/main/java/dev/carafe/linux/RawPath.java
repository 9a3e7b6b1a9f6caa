package dev.carafe.linux;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file name or path as Linux sees it: bytes without a NUL, in no particular encoding. Names from
 * an archive that are not UTF-8 survive in it. Ordered by unsigned bytes.
 */
public final class RawPath implements Comparable<RawPath> {
  /** The empty path, which {@link AtFlags#EMPTY_PATH} wants. */
  public static final RawPath EMPTY = new RawPath(new byte[0]);

  /** The directory itself. */
  public static final RawPath DOT = new RawPath(new byte[] {'.'});

  private final byte[] bytes;

  private RawPath(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Copies {@code bytes}.
   *
   * @throws IllegalArgumentException if there is a NUL among them
   */
  public static RawPath of(byte[] bytes) {
    return checked(bytes.clone());
  }

  /**
   * Encodes {@code text} as UTF-8.
   *
   * @throws IllegalArgumentException if it holds a NUL or half a surrogate pair
   */
  public static RawPath of(String text) {
    if (text.chars().noneMatch(c -> Character.isSurrogate((char) c))) {
      return checked(text.getBytes(StandardCharsets.UTF_8));
    }
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      return checked(Arrays.copyOf(encoded.array(), encoded.limit()));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("path \"" + text + "\": not Unicode", e);
    }
  }

  /** The bytes of {@code path}, whatever encoding the virtual machine uses for file names. */
  public static RawPath of(Path path) {
    String text = path.toString();
    if (text.chars().allMatch(c -> c < 128)) {
      return of(text);
    }
    return fromUri(path.toAbsolutePath().toUri().getRawPath());
  }

  /**
   * The path of {@code name} in the directory {@code dir}, through procfs, for calls without an at
   * form.
   */
  public static RawPath under(Fd dir, RawPath name) {
    return dir.procPath().resolve(name);
  }

  private static RawPath fromUri(String uriPath) {
    byte[] decoded = new byte[uriPath.length()];
    int length = 0;
    for (int i = 0; i < uriPath.length(); i++) {
      char c = uriPath.charAt(i);
      if (c == '%') {
        decoded[length++] = (byte) Integer.parseInt(uriPath, i + 1, i + 3, 16);
        i += 2;
      } else {
        decoded[length++] = (byte) c;
      }
    }
    if (length > 1 && decoded[length - 1] == '/') {
      length--;
    }
    return checked(Arrays.copyOf(decoded, length));
  }

  private static RawPath checked(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        throw new IllegalArgumentException(
            "path \"" + new String(bytes, StandardCharsets.UTF_8) + "\": contains a NUL");
      }
    }
    return new RawPath(bytes);
  }

  /** Trusted bytes, not copied. */
  static RawPath wrap(byte[] bytes) {
    return new RawPath(bytes);
  }

  byte[] unsafeBytes() {
    return bytes;
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  public boolean isEmpty() {
    return bytes.length == 0;
  }

  public boolean isAbsolute() {
    return bytes.length > 0 && bytes[0] == '/';
  }

  /** Whether it is one component: not empty, no slash, neither {@code .} nor {@code ..}. */
  public boolean isName() {
    for (byte b : bytes) {
      if (b == '/') {
        return false;
      }
    }
    return bytes.length > 2
        || bytes.length == 2 && (bytes[0] != '.' || bytes[1] != '.')
        || bytes.length == 1 && bytes[0] != '.';
  }

  /** This path, a slash, and {@code name}; nothing is normalised. */
  public RawPath resolve(RawPath name) {
    if (bytes.length == 0) {
      return name;
    }
    int slash = bytes[bytes.length - 1] == '/' ? 0 : 1;
    byte[] joined = Arrays.copyOf(bytes, bytes.length + slash + name.bytes.length);
    joined[joined.length - name.bytes.length - 1] = '/';
    System.arraycopy(name.bytes, 0, joined, joined.length - name.bytes.length, name.bytes.length);
    return new RawPath(joined);
  }

  RawPath head(int length) {
    return new RawPath(Arrays.copyOf(bytes, length));
  }

  RawPath tail(int start) {
    return new RawPath(Arrays.copyOfRange(bytes, start, bytes.length));
  }

  /** Whether this is {@code directory} or, by its bytes, below it. */
  public boolean isAtOrBelow(RawPath directory) {
    byte[] d = directory.bytes;
    int length = d.length > 0 && d[d.length - 1] == '/' ? d.length - 1 : d.length;
    return bytes.length >= length
        && Arrays.equals(bytes, 0, length, d, 0, length)
        && (bytes.length == length || bytes[length] == '/');
  }

  @Override
  public int compareTo(RawPath other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RawPath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Decoded as UTF-8 with replacement characters: for people, not for a later call. */
  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
