package dev.carafe.plugin.verifier.policy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads what may be no larger than it has reason to be. */
final class Bounded {
  static final int POLICY = 4 << 20;
  static final int KEYS = 16 << 20;
  static final int SIGNATURE = 1 << 20;
  static final int MANIFEST = 4 << 20;

  private Bounded() {}

  /**
   * @throws PolicyException if the file cannot be read or is larger
   */
  static byte[] file(Path path, int limit) {
    try (InputStream in = Files.newInputStream(path)) {
      return all(in, limit, path.toString());
    } catch (IOException e) {
      throw new PolicyException("\"" + path + "\" cannot be read: " + e, e);
    }
  }

  static byte[] all(InputStream in, int limit, String what) throws IOException {
    byte[] bytes = in.readNBytes(limit + 1);
    if (bytes.length > limit) {
      throw new PolicyException(what + " has more than " + limit + " bytes");
    }
    return bytes;
  }
}
