package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The servers are on loopback, but named as if they were not: by hosts.toml's server key. */
final class TlsTest {
  private static final SourceOptions SECURE = SourceOptions.DEFAULT;

  @TempDir static Path certificatesDirectory;
  private static Certificates certificates;

  @TempDir Path hosts;

  @BeforeAll
  static void makeCertificates() throws IOException, GeneralSecurityException {
    certificates = new Certificates(certificatesDirectory);
    certificates.authority("root");
    certificates.authority("stranger");
    certificates.issue("server", "root", "EC", "127.0.0.1");
    certificates.issue("misnamed", "root", "EC", "other.test");
    certificates.issue("rsa", "root", "RSA", "client");
    certificates.issue("ec", "root", "EC", "client");
    certificates.issue("edwards", "root", "Ed25519", "client");
    certificates.issue("foreign", "stranger", "EC", "client");
  }

  private static FakeRegistry serve(String alias, boolean askForClient)
      throws IOException, GeneralSecurityException {
    FakeRegistry registry = FakeRegistry.tls(certificates.server(alias, "root"), askForClient);
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    return registry;
  }

  private Path configure(FakeRegistry registry, String... lines) throws IOException {
    String[] all = new String[lines.length + 1];
    all[0] = "server = \"https://" + registry.authority() + "\"";
    System.arraycopy(lines, 0, all, 1, lines.length);
    return Sources.hosts(hosts, "registry.test", all);
  }

  private void open(SourceOptions options) {
    try (ImageSource.Repository repository =
        Sources.configured(hosts).open("registry.test/a/b:latest", options)) {
      assertEquals(Sources.MANIFEST.length, repository.target().size());
    }
  }

  private static Path file(String name) {
    return certificatesDirectory.resolve(name);
  }

  @Test
  void aConfiguredAuthorityIsTrusted() throws Exception {
    try (FakeRegistry registry = serve("server", false)) {
      configure(registry, "ca = \"" + file("root.crt") + "\"");
      open(SECURE);
    }
  }

  @Test
  void pathsAreRelativeToTheFileAndMayBeAList() throws Exception {
    try (FakeRegistry registry = serve("server", false)) {
      configure(registry, "ca = [\"ca/stranger.crt\", \"ca/root.crt\"]");
      Path ca = Files.createDirectories(hosts.resolve("registry.test/ca"));
      Files.copy(file("root.crt"), ca.resolve("root.crt"));
      Files.copy(file("stranger.crt"), ca.resolve("stranger.crt"));
      open(SECURE);
    }
  }

  @Test
  void anUnknownAuthorityIsNotTrusted() throws Exception {
    try (FakeRegistry registry = serve("server", false)) {
      configure(registry, "ca = \"" + file("stranger.crt") + "\"");
      UnavailableException e = assertThrows(UnavailableException.class, () -> open(SECURE));
      assertTrue(e.getMessage().contains(": TLS: "), e.getMessage());
      assertEquals(List.of(), registry.seen());
    }
  }

  @Test
  void withoutConfigurationOnlyTheSystemIsTrusted() throws Exception {
    try (FakeRegistry registry = serve("server", false)) {
      configure(registry);
      assertThrows(UnavailableException.class, () -> open(SECURE));
    }
  }

  @Test
  void theSystemsBundleIsTrusted() throws Exception {
    try (FakeRegistry registry = serve("server", false)) {
      configure(registry);
      Map<String, String> environment = Map.of("SSL_CERT_FILE", file("root.crt").toString());
      Sources.configured(hosts).with(environment).open("registry.test/a/b", SECURE).close();
    }
  }

  @Test
  void aChangedBundleIsReadAgain() throws Exception {
    Path bundle = hosts.resolve("bundle.pem");
    Files.copy(file("stranger.crt"), bundle);
    SystemTrust trust = new SystemTrust(Map.of("SSL_CERT_FILE", bundle.toString()));
    assertEquals(List.of(certificates.certificate("stranger")), trust.certificates());
    Files.writeString(
        bundle,
        "changed:\n" + Files.readString(file("root.crt")),
        java.nio.file.StandardOpenOption.APPEND);
    assertEquals(
        List.of(certificates.certificate("stranger"), certificates.certificate("root")),
        trust.certificates());
    Files.delete(bundle);
    assertTrue(trust.certificates().size() > 2, "the JDK's certificates");
  }

  @Test
  void aWrongNameIsRefused() throws Exception {
    try (FakeRegistry registry = serve("misnamed", false)) {
      configure(registry, "ca = \"" + file("root.crt") + "\"");
      UnavailableException e = assertThrows(UnavailableException.class, () -> open(SECURE));
      assertTrue(e.getMessage().contains("No subject alternative names"), e.getMessage());
    }
  }

  @Test
  void skipVerifyTakesAnyCertificateAndName() throws Exception {
    try (FakeRegistry registry = serve("misnamed", false)) {
      configure(registry, "skip_verify = true");
      open(SECURE);
    }
  }

  @Test
  void skipVerifyMayBeAskedForByTheCaller() throws Exception {
    try (FakeRegistry registry = serve("misnamed", false)) {
      configure(registry);
      open(new SourceOptions((host, challenges) -> Optional.empty(), Map.of(), false, true, ""));
    }
  }

  @Test
  void theFileMayInsistOnVerification() throws Exception {
    try (FakeRegistry registry = serve("misnamed", false)) {
      configure(registry, "skip_verify = false");
      assertThrows(
          UnavailableException.class,
          () ->
              open(
                  new SourceOptions(
                      (host, challenges) -> Optional.empty(), Map.of(), false, true, "")));
    }
  }

  @Test
  void aClientCertificateIsShown() throws Exception {
    certificates.pkcs8("rsa");
    certificates.pkcs8("ec");
    certificates.pkcs8("edwards");
    certificates.traditional("rsa");
    certificates.traditional("ec");
    Path both = file("both.pem");
    Files.writeString(
        both, Files.readString(file("rsa.crt")) + Files.readString(file("rsa-traditional.key")));
    try (FakeRegistry registry = serve("server", true)) {
      String ca = "ca = \"" + file("root.crt") + "\"";
      for (String client :
          List.of(
              pair("rsa.crt", "rsa.key"),
              pair("rsa.crt", "rsa-traditional.key"),
              pair("ec.crt", "ec.key"),
              pair("ec.crt", "ec-traditional.key"),
              pair("edwards.crt", "edwards.key"),
              "client = \"" + both + "\"",
              "client = [\"" + both + "\"]",
              "client = [[\"" + both + "\", \"\"]]")) {
        configure(registry, ca, client);
        open(SECURE);
      }
    }
  }

  @Test
  void withoutAClientCertificateTheServerRefuses() throws Exception {
    try (FakeRegistry registry = serve("server", true)) {
      configure(registry, "ca = \"" + file("root.crt") + "\"");
      assertThrows(UnavailableException.class, () -> open(SECURE));
      certificates.pkcs8("foreign");
      configure(registry, "ca = \"" + file("root.crt") + "\"", pair("foreign.crt", "foreign.key"));
      assertThrows(UnavailableException.class, () -> open(SECURE));
      assertEquals(List.of(), registry.seen());
    }
  }

  @Test
  void dockersLayoutOfCertificatesIsUnderstood() throws Exception {
    certificates.pkcs8("rsa");
    try (FakeRegistry registry = serve("server", true)) {
      // A loopback address as host: its folder has its port in the name.
      String name = registry.authority();
      Path folder = Files.createDirectories(hosts.resolve(name));
      Files.copy(file("root.crt"), folder.resolve("ca.crt"));
      Files.copy(file("rsa.crt"), folder.resolve("client.cert"));
      assertThrows(
          DaemonException.class, () -> Sources.configured(hosts).open(name + "/a/b", SECURE));
      Files.copy(
          file("rsa.key"), folder.resolve("client.key"), StandardCopyOption.REPLACE_EXISTING);
      Sources.configured(hosts).open(name + "/a/b", SECURE).close();
    }
  }

  @Test
  void aRedirectOutOfTlsIsRefused() throws Exception {
    try (FakeRegistry registry = serve("server", false);
        FakeRegistry store = FakeRegistry.plain()) {
      store.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      registry.gate(exchange ->
          FakeRegistry.redirect(
              exchange, "http://" + store.authority() + "/v2/a/b/manifests/latest?sig=geheim"));
      configure(registry, "ca = \"" + file("root.crt") + "\"");
      UnavailableException e = assertThrows(UnavailableException.class, () -> open(SECURE));
      assertTrue(e.getMessage().contains("redirect from https to http://"), e.getMessage());
      assertTrue(!e.getMessage().contains("geheim"), e.getMessage());
      assertEquals(List.of(), store.seen());
      open(Sources.PLAIN);
    }
  }

  @Test
  void aTokenServiceOutsideTlsGetsNoCredentials() throws Exception {
    try (FakeRegistry registry = serve("server", false);
        FakeRegistry tokens = FakeRegistry.plain()) {
      registry.gate(exchange -> {
        exchange
            .getResponseHeaders()
            .set("WWW-Authenticate", "Bearer realm=\"http://" + tokens.authority() + "/t\"");
        FakeRegistry.send(exchange, 401, "");
      });
      configure(registry, "ca = \"" + file("root.crt") + "\"");
      SourceOptions options =
          new SourceOptions(
              (host, challenges) -> Optional.of(new Credentials.Basic("ann", "s3cret")),
              Map.of(),
              false,
              false,
              "");
      assertThrows(UnauthenticatedException.class, () -> open(options));
      assertEquals(List.of(), tokens.seen());
    }
  }

  @Test
  void thisMachineIsAskedOverTlsWithoutVerification() throws Exception {
    try (FakeRegistry registry = serve("misnamed", false)) {
      Sources.plain().open(registry.authority() + "/a/b", SECURE).close();
    }
  }

  @Test
  void thisMachineIsAskedOverPlainHttpWhereItSpeaksNoTls() throws Exception {
    try (FakeRegistry registry = FakeRegistry.plain()) {
      registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      Sources.plain().open(registry.authority() + "/a/b", SECURE).close();
      Sources.plain().open("localhost:" + registry.port() + "/a/b", SECURE).close();
    }
  }

  @Test
  void theQuestionWhetherAHostSpeaksTlsHasNoSecrets() throws Exception {
    try (FakeRegistry registry = FakeRegistry.plain()) {
      registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      SourceOptions options =
          new SourceOptions(
              (host, challenges) -> Optional.of(new Credentials.Basic("ann", "s3cret")),
              Map.of("X-Secret", "mine"),
              false,
              false,
              "");
      Sources.plain().open(registry.authority() + "/a/b", options).close();
      FakeRegistry.Seen question = registry.seen().getFirst();
      assertEquals("/v2/", question.path());
      assertEquals("", question.header("X-Secret"));
      assertEquals("", question.header("Authorization"));
    }
  }

  @Test
  void aPlainHostWithTlsSettingsIsAskedForTlsFirst() throws Exception {
    try (FakeRegistry secure = serve("server", false);
        FakeRegistry plain = FakeRegistry.plain()) {
      plain.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      for (FakeRegistry registry : List.of(secure, plain)) {
        Sources.hosts(
            hosts,
            "registry.test",
            "server = \"http://" + registry.authority() + "\"",
            "skip_verify = true");
        open(SECURE);
      }
    }
  }

  private static String pair(String certificate, String key) {
    return "client = [[\"" + file(certificate) + "\", \"" + file(key) + "\"]]";
  }
}
