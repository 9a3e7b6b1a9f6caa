package dev.carafe.plugin.source.registry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates for tests (RFC 5280), signed with ECDSA. Made in process: a keytool call each would
 * take a minute in all.
 */
final class Certificates {
  private static final byte[] ECDSA_WITH_SHA256 =
      der(0x30, bytes(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  private static final byte[] COMMON_NAME = bytes(0x06, 3, 0x55, 0x04, 0x03);
  private static final byte[] BASIC_CONSTRAINTS = bytes(0x06, 3, 0x55, 0x1d, 0x13);
  private static final byte[] SUBJECT_ALTERNATIVE_NAME = bytes(0x06, 3, 0x55, 0x1d, 0x11);
  private static final byte[] TRUE = bytes(0x01, 1, 0xff);

  private record Issued(KeyPair keys, X509Certificate certificate) {}

  private final Path directory;
  private final Map<String, Issued> issued = new HashMap<>();

  Certificates(Path directory) {
    this.directory = directory;
  }

  /** A root named {@code alias}; its certificate is {@code ALIAS.crt}. */
  Path authority(String alias) throws IOException, GeneralSecurityException {
    byte[] constraints = extension(BASIC_CONSTRAINTS, TRUE, der(0x30, TRUE));
    return issue(alias, alias, keys("EC"), constraints);
  }

  /**
   * A key pair with a certificate by {@code issuer} in {@code ALIAS.crt}.
   *
   * @param algorithm EC, RSA or Ed25519
   * @param name a DNS name or an IP address
   */
  Path issue(String alias, String issuer, String algorithm, String name)
      throws IOException, GeneralSecurityException {
    boolean address = Character.isDigit(name.charAt(0));
    byte[] alternative =
        address
            ? der(0x87, InetAddress.ofLiteral(name).getAddress())
            : der(0x82, name.getBytes(StandardCharsets.US_ASCII));
    byte[] names = extension(SUBJECT_ALTERNATIVE_NAME, new byte[0], der(0x30, alternative));
    return issue(alias, issuer, keys(algorithm), names);
  }

  /** What a server shows that has this pair; clients must come from {@code clientAuthority}. */
  SSLContext server(String alias, String clientAuthority)
      throws IOException, GeneralSecurityException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(alias, key(alias), new char[0], new Certificate[] {certificate(alias)});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, new char[0]);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("clients", certificate(clientAuthority));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  PrivateKey key(String alias) {
    return issued.get(alias).keys.getPrivate();
  }

  X509Certificate certificate(String alias) {
    return issued.get(alias).certificate;
  }

  /** Writes the private key as PKCS#8 into {@code ALIAS.key}. */
  Path pkcs8(String alias) throws IOException {
    return write(alias + ".key", "PRIVATE KEY", key(alias).getEncoded());
  }

  /** Writes the private key in its algorithm's own form: PKCS#1 or SEC 1. */
  Path traditional(String alias) throws IOException {
    String label = key(alias).getAlgorithm() + " PRIVATE KEY";
    return write(alias + "-traditional.key", label, inner(key(alias).getEncoded()));
  }

  private Path write(String name, String label, byte[] content) throws IOException {
    String text =
        "-----BEGIN "
            + label
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
            + "\n-----END "
            + label
            + "-----\n";
    return Files.writeString(directory.resolve(name), text);
  }

  private static KeyPair keys(String algorithm) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    switch (algorithm) {
      case "EC" -> generator.initialize(new ECGenParameterSpec("secp256r1"));
      case "RSA" -> generator.initialize(2048);
      default -> {}
    }
    return generator.generateKeyPair();
  }

  private Path issue(String alias, String issuer, KeyPair keys, byte[] extension)
      throws IOException, GeneralSecurityException {
    PrivateKey signer = alias.equals(issuer) ? keys.getPrivate() : key(issuer);
    Instant now = Instant.now();
    byte[] content =
        der(
            0x30,
            der(0xa0, bytes(0x02, 1, 2)),
            der(0x02, new BigInteger(63, new SecureRandom()).toByteArray()),
            ECDSA_WITH_SHA256,
            name(issuer),
            der(0x30, time(now.minus(Duration.ofDays(1))), time(now.plus(Duration.ofDays(30)))),
            name(alias),
            keys.getPublic().getEncoded(),
            der(0xa3, der(0x30, extension)));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(signer);
    signature.update(content);
    byte[] certificate =
        der(0x30, content, ECDSA_WITH_SHA256, der(0x03, new byte[] {0}, signature.sign()));
    X509Certificate parsed =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(certificate));
    issued.put(alias, new Issued(keys, parsed));
    return write(alias + ".crt", "CERTIFICATE", certificate);
  }

  private static byte[] name(String common) {
    byte[] text = der(0x0c, common.getBytes(StandardCharsets.UTF_8));
    return der(0x30, der(0x31, der(0x30, COMMON_NAME, text)));
  }

  private static byte[] time(Instant instant) {
    String text =
        DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").format(instant.atOffset(ZoneOffset.UTC));
    return der(0x18, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] extension(byte[] type, byte[] critical, byte[] value) {
    return der(0x30, type, critical, der(0x04, value));
  }

  /** The octet string of a PKCS#8 structure: after its version and its algorithm. */
  private static byte[] inner(byte[] der) {
    int at = content(der, 0);
    at = end(der, at);
    at = end(der, at);
    return java.util.Arrays.copyOfRange(der, content(der, at), end(der, at));
  }

  private static int content(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  private static int end(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    if (length >= 0x80) {
      length =
          new BigInteger(1, java.util.Arrays.copyOfRange(der, at + 2, content(der, at))).intValue();
    }
    return content(der, at) + length;
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.size() < 0x80) {
      out.write(content.size());
    } else {
      out.write(content.size() < 0x100 ? 0x81 : 0x82);
      if (content.size() >= 0x100) {
        out.write(content.size() >> 8);
      }
      out.write(content.size());
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
