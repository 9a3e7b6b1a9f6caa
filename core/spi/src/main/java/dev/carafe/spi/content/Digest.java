package dev.carafe.spi.content;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The name of some bytes: {@code sha256:HEX} or {@code sha512:HEX}, lower case (OCI image
 * specification, descriptor, "Digests"). Holding one means that it is well-formed.
 */
public record Digest(String algorithm, String hex) implements Comparable<Digest> {
  public Digest {
    int length =
        switch (algorithm) {
          case "sha256" -> 64;
          case "sha512" -> 128;
          default ->
              throw new InvalidArgumentException(
                  "digest algorithm \"" + printable(algorithm) + "\" is not supported");
        };
    if (hex.length() != length || !isLowerHex(hex)) {
      throw new InvalidArgumentException(
          "digest \"" + printable(algorithm + ":" + hex) + "\" is not well-formed");
    }
  }

  /**
   * Reads {@code ALGORITHM:HEX}.
   *
   * @throws InvalidArgumentException if it is anything else
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new InvalidArgumentException("digest \"" + printable(text) + "\" is not well-formed");
    }
    return new Digest(text.substring(0, colon), text.substring(colon + 1));
  }

  /** The SHA-256 digest of these bytes. */
  public static Digest of(byte[] bytes) {
    return finish("sha256", hasher("sha256").digest(bytes));
  }

  /** Names a finished hash. */
  public static Digest finish(String algorithm, byte[] hash) {
    return new Digest(algorithm, HexFormat.of().formatHex(hash));
  }

  /** A new hash of the named algorithm ({@code sha256} or {@code sha512}). */
  public static MessageDigest hasher(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm.equals("sha512") ? "SHA-512" : "SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int compareTo(Digest other) {
    int byAlgorithm = algorithm.compareTo(other.algorithm);
    return byAlgorithm != 0 ? byAlgorithm : hex.compareTo(other.hex);
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }

  private static boolean isLowerHex(String hex) {
    for (int i = 0; i < hex.length(); i++) {
      char c = hex.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  private static String printable(String text) {
    String cut = text.length() > 140 ? text.substring(0, 140) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
