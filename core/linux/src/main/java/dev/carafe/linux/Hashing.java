package dev.carafe.linux;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * Hashes for the bytes of images, the fastest there are on this machine: those of OpenSSL's
 * libcrypto run at full speed from the first byte, the JDK's only once its optimising compiler has
 * come to them, a tenth of that before.
 */
public final class Hashing {
  private Hashing() {}

  /**
   * A new hash, used by one thread at a time; it can be cloned. Direct buffers are read in place.
   *
   * @param algorithm {@code sha256} or {@code sha512}
   * @throws IllegalArgumentException if it is another one
   */
  public static MessageDigest open(String algorithm) {
    return openNative(algorithm).orElseGet(() -> openJdk(algorithm));
  }

  /**
   * By libcrypto; empty if the library is not installed, lacks the functions, or fails the test
   * that its first use begins with.
   */
  static Optional<MessageDigest> openNative(String algorithm) {
    return CryptoHash.of(javaName(algorithm)).map(CryptoDigest::new);
  }

  /** By the JDK. */
  static MessageDigest openJdk(String algorithm) {
    try {
      return MessageDigest.getInstance(javaName(algorithm));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String javaName(String algorithm) {
    return switch (algorithm) {
      case "sha256" -> "SHA-256";
      case "sha512" -> "SHA-512";
      default -> throw new IllegalArgumentException("hash \"" + algorithm + "\": not known");
    };
  }
}
