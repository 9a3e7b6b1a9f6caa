package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashingTest {
  private static final byte[] BYTES = new byte[300_000];

  static {
    new Random(7).nextBytes(BYTES);
  }

  private static MessageDigest installed(String algorithm) {
    var digest = Hashing.openNative(algorithm);
    assumeTrue(digest.isPresent(), "libcrypto is not installed");
    return digest.get();
  }

  @Test
  void knownAnswer() {
    // FIPS 180-2, appendix B.1
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        HexFormat.of().formatHex(Hashing.open("sha256").digest(new byte[] {'a', 'b', 'c'})));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256", "sha512"})
  void libraryHashesAsTheJdkDoesWhateverBuffersItGets(String algorithm) {
    MessageDigest own = installed(algorithm);
    own.update(BYTES[0]);
    own.update(BYTES, 1, 99_999);
    own.update(ByteBuffer.wrap(BYTES, 100_000, 100_000));
    ByteBuffer direct = ByteBuffer.allocateDirect(100_000).put(BYTES, 200_000, 99_990).flip();
    own.update(direct);
    own.update(ByteBuffer.wrap(BYTES, 299_990, 10).asReadOnlyBuffer());

    assertEquals(0, direct.remaining());
    assertArrayEquals(Hashing.openJdk(algorithm).digest(BYTES), own.digest());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256", "sha512"})
  void copyGoesItsOwnWay(String algorithm) throws CloneNotSupportedException {
    MessageDigest own = installed(algorithm);
    own.update(BYTES, 0, 100);
    MessageDigest copy = (MessageDigest) own.clone();
    own.update(BYTES, 100, 100);

    MessageDigest jdk = Hashing.openJdk(algorithm);
    jdk.update(BYTES, 0, 100);
    assertArrayEquals(jdk.digest(), copy.digest());
    jdk.update(BYTES, 0, 200);
    assertArrayEquals(jdk.digest(), own.digest());
  }

  @Test
  void resultBeginsANewHash() {
    MessageDigest own = installed("sha256");
    own.update(BYTES);
    var _ = own.digest();

    assertArrayEquals(Hashing.openJdk("sha256").digest(), own.digest());
  }

  @Test
  void unknownAlgorithmIsNamed() {
    var e = assertThrows(IllegalArgumentException.class, () -> Hashing.open("md5"));

    assertEquals("hash \"md5\": not known", e.getMessage());
  }
}
