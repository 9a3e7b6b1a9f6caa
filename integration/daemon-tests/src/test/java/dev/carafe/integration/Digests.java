package dev.carafe.integration;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, as images write it. */
final class Digests {
  private Digests() {}

  /** {@code sha256:HEX}. */
  static String sha256(byte[] bytes) {
    return text(algorithm().digest(bytes));
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = algorithm();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return text(digest.digest());
  }

  private static String text(byte[] digest) {
    return "sha256:" + HexFormat.of().formatHex(digest);
  }

  private static MessageDigest algorithm() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
