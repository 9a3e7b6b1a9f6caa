package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PemTest {
  @TempDir Path directory;

  private static void read(Path certificate, Path key) throws Exception {
    List<X509Certificate> chain = Pem.certificates(Pem.read(certificate), false);
    Pem.privateKey(Pem.read(key), chain.getFirst());
  }

  private String refused(Path certificate, Path key) {
    return assertThrows(GeneralSecurityException.class, () -> read(certificate, key)).getMessage();
  }

  @Test
  void bothFormsOfEveryKeyAreRead() throws Exception {
    Certificates certificates = new Certificates(directory);
    certificates.authority("root");
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      Path certificate = certificates.issue(algorithm, "root", algorithm, "x.test");
      read(certificate, certificates.pkcs8(algorithm));
      if (!algorithm.equals("Ed25519")) {
        read(certificate, certificates.traditional(algorithm));
      }
    }
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws Exception {
    Certificates certificates = new Certificates(directory);
    Path one = certificates.authority("one");
    certificates.authority("two");
    certificates.issue("rsa", "one", "RSA", "x.test");
    String message = "has a private key that does not fit its certificate";
    assertEquals(message, refused(one, certificates.pkcs8("two")));
    assertEquals(message, refused(one, certificates.traditional("two")));
    assertEquals(message, refused(one, certificates.pkcs8("rsa")));
    assertEquals("has no private key", refused(one, one));
  }

  @Test
  void textBetweenBlocksAndWindowsLinesArePassedOver() throws Exception {
    Certificates certificates = new Certificates(directory);
    Path one = certificates.authority("one");
    Path two = certificates.authority("two");
    Path bundle = directory.resolve("bundle");
    Files.writeString(
        bundle,
        "# first\n"
            + Files.readString(one)
            + "second:\n"
            + Files.readString(two).replace("\n", "\r\n"));
    assertEquals(
        List.of(certificates.certificate("one"), certificates.certificate("two")),
        Pem.certificates(Pem.read(bundle), false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-----BEGIN CERTIFICATE",
        "-----BEGIN CERTIFICATE-----\nAAAA",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----",
      })
  void damagedBlocksAreRefused(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("damaged"), text);
    assertThrows(GeneralSecurityException.class, () -> Pem.certificates(Pem.read(file), false));
  }

  @Test
  void damagedKeysAreRefused() throws Exception {
    Certificates certificates = new Certificates(directory);
    Path one = certificates.authority("one");
    Path key = directory.resolve("key");
    for (String label : List.of("PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY")) {
      Files.writeString(key, "-----BEGIN " + label + "-----\nAAAA\n-----END " + label + "-----\n");
      refused(one, key);
    }
    Files.writeString(
        key,
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
            + "AAAA\n-----END RSA PRIVATE KEY-----\n");
    assertEquals("has an encrypted private key", refused(one, key));
    Files.writeString(
        key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assertEquals("has an encrypted private key", refused(one, key));
  }

  @Test
  void aFileOfUnreasonableSizeIsRefused() throws IOException {
    Path file = Files.write(directory.resolve("large"), new byte[1024 * 1024 + 1]);
    assertThrows(IOException.class, () -> Pem.read(file));
  }

  @Test
  void whatOpensslWritesIsRead() throws Exception {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "openssl"))),
        "openssl is not installed");
    Path key = directory.resolve("key.pem");
    Path certificate = directory.resolve("cert.pem");
    for (String generate :
        List.of(
            "genrsa -traditional -out KEY 2048",
            "genrsa -out KEY 2048",
            "ecparam -name prime256v1 -genkey -out KEY",
            "ecparam -name secp384r1 -genkey -noout -out KEY",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out KEY",
            "genpkey -algorithm ed25519 -out KEY")) {
      openssl(generate.replace("KEY", key.toString()));
      openssl("req -x509 -new -subj /CN=x -days 3 -key " + key + " -out " + certificate);
      read(certificate, key);
    }
    openssl("genrsa -aes128 -passout pass:geheim -out " + key + " 2048");
    assertEquals("has an encrypted private key", refused(certificate, key));
    openssl("genrsa -traditional -aes128 -passout pass:geheim -out " + key + " 2048");
    assertEquals("has an encrypted private key", refused(certificate, key));
  }

  private static void openssl(String arguments) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(("openssl " + arguments).split(" ")).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("openssl " + arguments + ": " + output);
    }
  }
}
