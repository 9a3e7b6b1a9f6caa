package dev.carafe.plugin.source.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates for tests, made by the JDK's keytool. */
final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path directory;

  Certificates(Path directory) {
    this.directory = directory;
  }

  /** A root named {@code alias}; its certificate is {@code ALIAS.crt}. */
  Path authority(String alias) throws IOException, InterruptedException {
    keytool(
        "-genkeypair",
        "-alias",
        alias,
        "-dname",
        "CN=" + alias,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-ext",
        "bc:c",
        "-validity",
        "30");
    Path file = directory.resolve(alias + ".crt");
    keytool("-exportcert", "-rfc", "-alias", alias, "-file", file.toString());
    return file;
  }

  /**
   * A key pair with a certificate by {@code issuer}.
   *
   * @param algorithm for example {@code EC -groupname secp384r1}
   * @param names for example {@code ip:127.0.0.1}
   */
  void issue(String alias, String issuer, String algorithm, String names)
      throws IOException, InterruptedException {
    List<String> generate =
        new ArrayList<>(
            List.of("-genkeypair", "-alias", alias, "-dname", "CN=" + alias, "-validity", "30"));
    generate.add("-keyalg");
    generate.addAll(List.of(algorithm.split(" ")));
    keytool(generate.toArray(String[]::new));
    Path request = directory.resolve(alias + ".csr");
    Path file = directory.resolve(alias + ".crt");
    keytool("-certreq", "-alias", alias, "-file", request.toString());
    keytool(
        "-gencert",
        "-rfc",
        "-alias",
        issuer,
        "-infile",
        request.toString(),
        "-outfile",
        file.toString(),
        "-validity",
        "30",
        "-ext",
        "san=" + names);
    keytool("-importcert", "-noprompt", "-alias", alias, "-file", file.toString());
  }

  /** What a server shows that has this pair; clients must come from {@code clientAuthority}. */
  SSLContext server(String alias, String clientAuthority)
      throws IOException, GeneralSecurityException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    KeyStore all = store();
    own.setKeyEntry(
        alias,
        all.getKey(alias, PASSWORD.toCharArray()),
        PASSWORD.toCharArray(),
        all.getCertificateChain(alias));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("clients", all.getCertificate(clientAuthority));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  PrivateKey key(String alias) throws IOException, GeneralSecurityException {
    return (PrivateKey) store().getKey(alias, PASSWORD.toCharArray());
  }

  X509Certificate certificate(String alias) throws IOException, GeneralSecurityException {
    byte[] pem = Files.readAllBytes(directory.resolve(alias + ".crt"));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }

  /** Writes the private key as PKCS#8. */
  Path pkcs8(String alias) throws IOException, GeneralSecurityException {
    return write(alias + ".key", "PRIVATE KEY", key(alias).getEncoded());
  }

  /** Writes the private key in its algorithm's own form: PKCS#1 or SEC 1. */
  Path traditional(String alias) throws IOException, GeneralSecurityException {
    byte[] pkcs8 = key(alias).getEncoded();
    String label = key(alias).getAlgorithm() + " PRIVATE KEY";
    return write(alias + "-traditional.key", label, inner(pkcs8));
  }

  Path write(String name, String label, byte[] bytes) throws IOException {
    String text =
        "-----BEGIN "
            + label
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
            + "\n-----END "
            + label
            + "-----\n";
    return Files.writeString(directory.resolve(name), text);
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
      int bytes = length & 0x7f;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = length << 8 | der[at + 2 + i] & 0xff;
      }
    }
    return content(der, at) + length;
  }

  private KeyStore store() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve("all.p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  private void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(
        List.of(
            "-keystore",
            directory.resolve("all.p12").toString(),
            "-storepass",
            PASSWORD,
            "-storetype",
            "PKCS12"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
  }
}
