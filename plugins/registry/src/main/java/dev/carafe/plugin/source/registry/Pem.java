package dev.carafe.plugin.source.registry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Certificates and private keys in PEM (RFC 7468): keys as PKCS#8, PKCS#1 (RSA) and SEC 1 (EC), not
 * encrypted.
 */
final class Pem {
  private static final int FILE_LIMIT = 1024 * 1024;
  private static final String BEGIN = "-----BEGIN ";
  private static final String DASHES = "-----";

  /**
   * One block.
   *
   * @param encrypted whether its header says so (RFC 1421)
   */
  record Block(String label, byte[] bytes, boolean encrypted) {}

  private Pem() {}

  static List<Block> read(Path file) throws IOException, GeneralSecurityException {
    return read(file, FILE_LIMIT);
  }

  /**
   * The blocks of a file; text between them is passed over.
   *
   * @throws GeneralSecurityException if a block is damaged
   */
  static List<Block> read(Path file, int limit) throws IOException, GeneralSecurityException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(limit + 1);
    }
    if (bytes.length > limit) {
      throw new IOException("is larger than " + limit + " bytes");
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    List<Block> blocks = new ArrayList<>();
    int at = 0;
    while ((at = text.indexOf(BEGIN, at)) >= 0) {
      int labelEnd = text.indexOf(DASHES, at + BEGIN.length());
      if (labelEnd < 0) {
        throw new GeneralSecurityException("has a PEM block that does not begin right");
      }
      String label = text.substring(at + BEGIN.length(), labelEnd);
      int start = labelEnd + DASHES.length();
      int end = text.indexOf("-----END " + label + DASHES, start);
      if (end < 0) {
        throw new GeneralSecurityException("has a PEM block that does not end");
      }
      blocks.add(block(label, text.substring(start, end)));
      at = end + DASHES.length();
    }
    return blocks;
  }

  /**
   * The certificates among the blocks, in order.
   *
   * @param lenient whether those that the JDK cannot read are left out
   */
  static List<X509Certificate> certificates(List<Block> blocks, boolean lenient)
      throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks) {
      if (!block.label.equals("CERTIFICATE") && !block.label.equals("X509 CERTIFICATE")) {
        continue;
      }
      try {
        certificates.add(
            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.bytes)));
      } catch (CertificateException e) {
        if (!lenient) {
          throw new CertificateException("has a certificate that is not valid", e);
        }
      }
    }
    return certificates;
  }

  /**
   * The private key among the blocks, which must belong to {@code certificate}.
   *
   * @throws GeneralSecurityException if there is none that can be used; the message fits after the
   *     file's name
   */
  static PrivateKey privateKey(List<Block> blocks, X509Certificate certificate)
      throws GeneralSecurityException {
    PublicKey counterpart = certificate.getPublicKey();
    for (Block block : blocks) {
      if (!block.label.endsWith("PRIVATE KEY")) {
        continue;
      }
      if (block.encrypted || block.label.startsWith("ENCRYPTED")) {
        throw new InvalidKeyException("has an encrypted private key");
      }
      byte[] pkcs8 =
          switch (block.label) {
            case "PRIVATE KEY" -> block.bytes;
            case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> pkcs8(block.bytes, counterpart);
            default -> throw new InvalidKeyException("has a private key of an unknown kind");
          };
      PrivateKey key;
      try {
        key =
            KeyFactory.getInstance(counterpart.getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException e) {
        throw new InvalidKeyException("has a private key that does not fit its certificate", e);
      }
      if (!belongTogether(key, counterpart)) {
        throw new InvalidKeyException("has a private key that does not fit its certificate");
      }
      return key;
    }
    throw new InvalidKeyException("has no private key");
  }

  private static Block block(String label, String content) throws GeneralSecurityException {
    String body = content;
    boolean encrypted = false;
    int blank = content.replace("\r", "").indexOf("\n\n");
    if (content.contains(":") && blank >= 0) {
      String plain = content.replace("\r", "");
      encrypted = plain.substring(0, blank).contains("ENCRYPTED");
      body = plain.substring(blank);
    }
    if (encrypted) {
      return new Block(label, new byte[0], true);
    }
    try {
      return new Block(label, Base64.getDecoder().decode(body.replaceAll("\\s", "")), false);
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("has a PEM block that is not base64", e);
    }
  }

  /**
   * Wraps a key of its own format into PKCS#8 (RFC 5958): version 0, the algorithm as the
   * certificate's public key states it, the key as an octet string.
   */
  private static byte[] pkcs8(byte[] key, PublicKey counterpart) throws InvalidKeyException {
    byte[] version = {2, 1, 0};
    return der(0x30, version, algorithm(counterpart), der(0x04, key));
  }

  /** The AlgorithmIdentifier: the first element of SubjectPublicKeyInfo (RFC 5280). */
  private static byte[] algorithm(PublicKey key) throws InvalidKeyException {
    byte[] info = key.getEncoded();
    int start = contents(info, 0);
    int content = contents(info, start);
    int length = contentLength(info, start);
    if (content + length > info.length) {
      throw new InvalidKeyException("has a public key that is not valid");
    }
    return Arrays.copyOfRange(info, start, content + length);
  }

  private static int contents(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  private static int contentLength(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = 0; i < (first & 0x7f); i++) {
      length = length << 8 | der[at + 2 + i] & 0xff;
    }
    return length;
  }

  private static byte[] der(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else {
      int bytes = (32 - Integer.numberOfLeadingZeros(length) + 7) / 8;
      out.write(0x80 | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        out.write(length >> 8 * i);
      }
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static boolean belongTogether(PrivateKey key, PublicKey counterpart)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] sample = "carafe".getBytes(StandardCharsets.US_ASCII);
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(sample);
    byte[] signed = signature.sign();
    signature.initVerify(counterpart);
    signature.update(sample);
    try {
      return signature.verify(signed);
    } catch (java.security.SignatureException e) {
      return false;
    }
  }
}
