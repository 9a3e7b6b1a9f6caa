package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.junit.jupiter.api.Test;

class GpgKeysTest {
  private static final byte[] CONTENT = "content".getBytes(UTF_8);

  private static GpgKeys keys(byte[]... files) {
    return GpgKeys.read(List.of(files), "test");
  }

  private static void refused(GpgKeys keys, byte[] message, String reason) {
    PolicyException failure =
        assertThrows(PolicyException.class, () -> keys.open(message, Instant.now()));
    assertTrue(String.valueOf(failure.getMessage()).contains(reason), failure::toString);
  }

  @Test
  void aTrustedKeysMessageIsRead() {
    // Given
    Gpg one = Gpg.signer();
    Gpg other = Gpg.signer();

    // Then
    GpgKeys keys = keys(one.publicKey(), other.publicKey());
    assertArrayEquals(CONTENT, keys.open(one.sign(CONTENT), Instant.now()));
    assertArrayEquals(CONTENT, keys.open(other.sign(CONTENT), Instant.now()));
  }

  @Test
  void anotherKeysMessageIsNot() {
    refused(keys(Gpg.signer().publicKey()), Gpg.signer().sign(CONTENT), "not trusted");
  }

  @Test
  void aChangedMessageIsNot() {
    // Given
    Gpg signer = Gpg.signer();
    byte[] message = signer.sign(CONTENT);
    int at = new String(message, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("content");

    // When
    message[at] = 'k';

    // Then
    refused(keys(signer.publicKey()), message, "is wrong");
  }

  @Test
  void aKeyThatMayNotSignDoesNot() {
    Gpg encrypter = new Gpg(KeyFlags.ENCRYPT_COMMS, Instant.now().minusSeconds(60), 0);
    refused(keys(encrypter.publicKey()), encrypter.sign(CONTENT), "not trusted");
  }

  @Test
  void aRevokedKeyIsNotTrusted() {
    Gpg signer = Gpg.signer();
    refused(keys(signer.revokedPublicKey()), signer.sign(CONTENT), "not trusted");
  }

  @Test
  void whatIsPastItsTimeDoesNotCount() {
    Gpg old = new Gpg(KeyFlags.SIGN_DATA, Instant.now().minusSeconds(7200), 3600);
    refused(keys(old.publicKey()), old.sign(CONTENT), "past its time");
    Gpg signer = Gpg.signer();
    refused(
        keys(signer.publicKey()),
        signer.sign(CONTENT, HashAlgorithmTags.SHA256, 1800),
        "past its time");
    keys(signer.publicKey())
        .open(signer.sign(CONTENT, HashAlgorithmTags.SHA256, 7200), Instant.now());
  }

  @Test
  void aWeakHashDoesNotCount() {
    Gpg signer = Gpg.signer();
    refused(
        keys(signer.publicKey()), signer.sign(CONTENT, HashAlgorithmTags.SHA1, 0), "not accepted");
  }

  @Test
  void damageIsAnErrorOfOneKind() {
    // Given
    Gpg signer = Gpg.signer();
    GpgKeys keys = keys(signer.publicKey());
    byte[] message = signer.sign(CONTENT);
    Random random = new Random(1);

    // Then
    for (int length = 0; length < message.length; length++) {
      byte[] cut = Arrays.copyOf(message, length);
      assertThrows(PolicyException.class, () -> keys.open(cut, Instant.now()));
    }
    for (int i = 0; i < 300; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      assertThrows(PolicyException.class, () -> keys.open(noise, Instant.now()));
    }
  }
}
