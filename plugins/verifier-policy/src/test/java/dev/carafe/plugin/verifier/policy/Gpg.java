package dev.carafe.plugin.verifier.policy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPLiteralData;
import org.bouncycastle.openpgp.PGPLiteralDataGenerator;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/** A key of a signer, and what is signed with it. */
final class Gpg {
  final PGPKeyPair pair;
  final PGPPublicKey certified;

  /**
   * @param flags what the key may be used for; 0 for one that does not say
   * @param life seconds from {@code made} on; 0 for ever
   */
  Gpg(int flags, Instant made, long life) {
    try {
      var generator = new Ed25519KeyPairGenerator();
      generator.init(new Ed25519KeyGenerationParameters(new java.security.SecureRandom()));
      this.pair =
          new BcPGPKeyPair(
              PublicKeyAlgorithmTags.EDDSA_LEGACY, generator.generateKeyPair(), Date.from(made));
      var certifier =
          new PGPSignatureGenerator(
              new BcPGPContentSignerBuilder(
                  pair.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA512),
              pair.getPublicKey());
      certifier.init(PGPSignature.POSITIVE_CERTIFICATION, pair.getPrivateKey());
      var subpackets = new PGPSignatureSubpacketGenerator();
      if (flags != 0) {
        subpackets.setKeyFlags(true, flags);
      }
      if (life != 0) {
        subpackets.setKeyExpirationTime(true, life);
      }
      certifier.setHashedSubpackets(subpackets.generate());
      this.certified =
          PGPPublicKey.addCertification(
              pair.getPublicKey(),
              "somebody",
              certifier.generateCertification("somebody", pair.getPublicKey()));
    } catch (PGPException e) {
      throw new IllegalStateException(e);
    }
  }

  static Gpg signer() {
    return new Gpg(KeyFlags.SIGN_DATA | KeyFlags.CERTIFY_OTHER, Instant.now().minusSeconds(60), 0);
  }

  byte[] publicKey() {
    try {
      return certified.getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] revokedPublicKey() {
    try {
      var revoker =
          new PGPSignatureGenerator(
              new BcPGPContentSignerBuilder(
                  pair.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA512),
              pair.getPublicKey());
      revoker.init(PGPSignature.KEY_REVOCATION, pair.getPrivateKey());
      return PGPPublicKey.addCertification(
              certified, revoker.generateCertification(pair.getPublicKey()))
          .getEncoded();
    } catch (IOException | PGPException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] sign(byte[] content) {
    return sign(content, HashAlgorithmTags.SHA256, 0);
  }

  /**
   * @param life seconds until the signature, made an hour ago, ends; 0 for never
   */
  byte[] sign(byte[] content, int hash, long life) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      var signer =
          new PGPSignatureGenerator(
              new BcPGPContentSignerBuilder(pair.getPublicKey().getAlgorithm(), hash),
              pair.getPublicKey());
      signer.init(PGPSignature.BINARY_DOCUMENT, pair.getPrivateKey());
      if (life != 0) {
        var subpackets = new PGPSignatureSubpacketGenerator();
        subpackets.setSignatureCreationTime(false, Date.from(Instant.now().minusSeconds(3600)));
        subpackets.setSignatureExpirationTime(false, life);
        signer.setHashedSubpackets(subpackets.generate());
      }
      signer.generateOnePassVersion(false).encode(out);
      try (OutputStream literal =
          new PGPLiteralDataGenerator()
              .open(out, PGPLiteralData.BINARY, "", content.length, new Date())) {
        literal.write(content);
      }
      signer.update(content);
      signer.generate().encode(out);
    } catch (IOException | PGPException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }
}
