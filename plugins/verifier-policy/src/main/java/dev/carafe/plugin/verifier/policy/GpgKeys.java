package dev.carafe.plugin.verifier.policy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.openpgp.PGPCompressedData;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPLiteralData;
import org.bouncycastle.openpgp.PGPOnePassSignature;
import org.bouncycastle.openpgp.PGPOnePassSignatureList;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPPublicKeyRingCollection;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.PGPUtil;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;
import org.jspecify.annotations.Nullable;

/**
 * OpenPGP keys (RFC 9580) that a policy trusts. Besides the signature itself counts: that the key
 * may sign, belongs to its primary key, is neither revoked nor past its time, and that the hash is
 * of the SHA-2 or SHA-3 family.
 */
final class GpgKeys {
  private static final Set<Integer> HASHES =
      Set.of(
          HashAlgorithmTags.SHA256,
          HashAlgorithmTags.SHA384,
          HashAlgorithmTags.SHA512,
          HashAlgorithmTags.SHA3_256,
          HashAlgorithmTags.SHA3_512);
  private static final int NESTING = 3;

  private final List<PGPPublicKeyRing> rings;

  private GpgKeys(List<PGPPublicKeyRing> rings) {
    this.rings = List.copyOf(rings);
  }

  /**
   * @param files each a key ring, armored or not
   * @throws PolicyException if one is none or has no key
   */
  static GpgKeys read(List<byte[]> files, String where) {
    List<PGPPublicKeyRing> rings = new ArrayList<>();
    for (byte[] file : files) {
      int before = rings.size();
      try (InputStream in = PGPUtil.getDecoderStream(new ByteArrayInputStream(file))) {
        new PGPPublicKeyRingCollection(in, new BcKeyFingerprintCalculator()).forEach(rings::add);
      } catch (IOException | PGPException | RuntimeException e) {
        throw new PolicyException(where + ": its keys are no OpenPGP keys: " + e.getMessage(), e);
      }
      if (rings.size() == before) {
        throw new PolicyException(where + ": has no OpenPGP key");
      }
    }
    return new GpgKeys(rings);
  }

  /**
   * What a signed message says.
   *
   * @throws PolicyException if it is not signed, not by one of the keys, or not as it must be
   */
  byte[] open(byte[] message, Instant now) {
    try (InputStream in = PGPUtil.getDecoderStream(new ByteArrayInputStream(message))) {
      return open(new BcPGPObjectFactory(in), now, NESTING);
    } catch (IOException | PGPException e) {
      throw new PolicyException("signature is no OpenPGP message: " + e.getMessage(), e);
    } catch (PolicyException e) {
      throw e;
    } catch (RuntimeException e) {
      // The library's parsers fail in many ways on what is damaged.
      throw new PolicyException("signature is no OpenPGP message: " + e, e);
    }
  }

  private byte[] open(BcPGPObjectFactory objects, Instant now, int nesting)
      throws IOException, PGPException {
    Object first = objects.nextObject();
    if (first instanceof PGPCompressedData compressed && nesting > 0) {
      return open(new BcPGPObjectFactory(compressed.getDataStream()), now, nesting - 1);
    }
    if (!(first instanceof PGPOnePassSignatureList heads) || heads.size() != 1) {
      throw new PolicyException("signature is no message with one signature");
    }
    PGPOnePassSignature head = heads.get(0);
    PGPPublicKey key = key(head.getKeyID());
    if (key == null) {
      throw new PolicyException("signed by key " + hex(head.getKeyID()) + ", which is not trusted");
    }
    if (!(objects.nextObject() instanceof PGPLiteralData literal)) {
      throw new PolicyException("signature has no message");
    }
    byte[] content = Bounded.all(literal.getInputStream(), Bounded.SIGNATURE, "the message");
    if (!(objects.nextObject() instanceof PGPSignatureList tails) || tails.size() != 1) {
      throw new PolicyException("signature has no end");
    }
    if (objects.nextObject() != null) {
      throw new PolicyException("signature has more than one message");
    }
    verify(tails.get(0), key, content, now);
    return content;
  }

  private static void verify(PGPSignature signature, PGPPublicKey key, byte[] content, Instant now)
      throws PGPException {
    if (signature.getSignatureType() != PGPSignature.BINARY_DOCUMENT
        || !HASHES.contains(signature.getHashAlgorithm())) {
      throw new PolicyException("signature is of a kind that is not accepted");
    }
    if (signature.getKeyID() != key.getKeyID()) {
      throw new PolicyException("signature names two keys");
    }
    signature.init(new BcPGPContentVerifierBuilderProvider(), key);
    signature.update(content);
    if (!signature.verify()) {
      throw new PolicyException("signature of key " + hex(key.getKeyID()) + " is wrong");
    }
    Date made = signature.getCreationTime();
    if (made.toInstant().isAfter(now.plusSeconds(86_400))) {
      throw new PolicyException("signature is of the future");
    }
    if (signature.hasSubpackets()) {
      long life = signature.getHashedSubPackets().getSignatureExpirationTime();
      if (life > 0 && made.toInstant().plusSeconds(life).isBefore(now)) {
        throw new PolicyException("signature is past its time");
      }
    }
    if (key.getValidSeconds() > 0
        && key.getCreationTime().toInstant().plusSeconds(key.getValidSeconds()).isBefore(now)) {
      throw new PolicyException("key " + hex(key.getKeyID()) + " is past its time");
    }
  }

  private @Nullable PGPPublicKey key(long id) throws PGPException {
    for (PGPPublicKeyRing ring : rings) {
      PGPPublicKey key = ring.getPublicKey(id);
      PGPPublicKey primary = ring.getPublicKey();
      if (key == null || primary.hasRevocation() || key.hasRevocation()) {
        continue;
      }
      if (maySign(key, primary)) {
        return key;
      }
    }
    return null;
  }

  /** A subkey counts where its primary key says, in a signature that holds, that it may sign. */
  private static boolean maySign(PGPPublicKey key, PGPPublicKey primary) throws PGPException {
    boolean own = key.isMasterKey();
    boolean flagged = false;
    for (Iterator<PGPSignature> all = key.getSignatures(); all.hasNext(); ) {
      PGPSignature signature = all.next();
      boolean self = signature.getKeyID() == primary.getKeyID();
      boolean binding = signature.getSignatureType() == PGPSignature.SUBKEY_BINDING;
      if (!self || (!own && !binding) || !signature.hasSubpackets()) {
        continue;
      }
      int flags = signature.getHashedSubPackets().getKeyFlags();
      if (!own) {
        signature.init(new BcPGPContentVerifierBuilderProvider(), primary);
        if (signature.verifyCertification(primary, key) && (flags & KeyFlags.SIGN_DATA) != 0) {
          return true;
        }
      } else if (flags != 0) {
        flagged = true;
        if ((flags & KeyFlags.SIGN_DATA) != 0) {
          return true;
        }
      }
    }
    // Old keys do not say what they are for.
    return own && !flagged;
  }

  private static String hex(long id) {
    return String.format("%016X", id);
  }
}
