package dev.carafe.plugin.verifier.policy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Public keys of sigstore: PEM (RFC 7468) with a SubjectPublicKeyInfo of an elliptic curve, RSA or
 * Ed25519. Signatures are over the payload's SHA-256, and for Ed25519 over the payload.
 */
final class SigstoreKeys {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----\\s*");

  private final List<PublicKey> keys;

  private SigstoreKeys(List<PublicKey> keys) {
    this.keys = List.copyOf(keys);
  }

  /**
   * @throws PolicyException if a file is not one key
   */
  static SigstoreKeys read(List<byte[]> files, String where) {
    List<PublicKey> keys = new ArrayList<>();
    for (byte[] file : files) {
      Matcher pem = PEM.matcher(new String(file, StandardCharsets.US_ASCII).strip());
      if (!pem.matches()) {
        throw new PolicyException(where + ": its key is no public key in PEM");
      }
      keys.add(key(Base64.getMimeDecoder().decode(pem.group(1)), where));
    }
    return new SigstoreKeys(keys);
  }

  private static PublicKey key(byte[] encoded, String where) {
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
      } catch (GeneralSecurityException e) {
        // Then it is of another kind.
      }
    }
    throw new PolicyException(where + ": its key is of no kind that is known");
  }

  /** Whether one of the keys made this signature of the payload. */
  boolean signed(byte[] payload, byte[] signature) {
    for (PublicKey key : keys) {
      try {
        Signature verifier = Signature.getInstance(algorithm(key));
        verifier.initVerify(key);
        verifier.update(payload);
        if (verifier.verify(signature)) {
          return true;
        }
      } catch (GeneralSecurityException e) {
        // A signature that cannot even be read is not this key's.
      }
    }
    return false;
  }

  private static String algorithm(PublicKey key) {
    return switch (key.getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> "Ed25519";
    };
  }
}
