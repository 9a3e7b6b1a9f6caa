package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HostsFileTest {
  @TempDir Path directory;

  private List<RegistryHost> hosts(String host, SourceOptions options) {
    return new HostsDirectory(List.of(directory)).hosts(host, options);
  }

  private List<RegistryHost> hosts(String host) {
    return hosts(host, SourceOptions.DEFAULT);
  }

  private RegistryHost only(String host) {
    List<RegistryHost> hosts = hosts(host);
    assertEquals(1, hosts.size());
    return hosts.getFirst();
  }

  private static String url(RegistryHost host) {
    return host.scheme() + " " + host.authority() + host.path() + " ns=" + host.namespace();
  }

  private void write(String host, String... lines) throws IOException {
    Sources.hosts(directory, host, lines);
  }

  private FailedPreconditionException refused(String... lines) throws IOException {
    write("registry.test", lines);
    return assertThrows(FailedPreconditionException.class, () -> hosts("registry.test"));
  }

  @Test
  void withoutConfigurationAHostIsItsOwn() {
    RegistryHost host = only("registry.test:5000");
    assertEquals("HTTPS registry.test:5000/v2 ns=", url(host));
    assertEquals(EnumSet.allOf(RegistryHost.Capability.class), host.capabilities());
    assertEquals(TlsSettings.DEFAULT, host.tls());
  }

  @Test
  void dockersHubHasItsRegistryElsewhere() {
    assertEquals("HTTPS registry-1.docker.io/v2 ns=", url(only("docker.io")));
  }

  @Test
  void thisMachineMaySpeakEither() {
    for (String host : List.of("localhost:5000", "127.0.0.1:5000", "127.1.2.3:99", "[::1]:5000")) {
      assertEquals("EITHER " + host + "/v2 ns=", url(only(host)));
      assertTrue(only(host).tls().skipVerify());
    }
    assertEquals("HTTPS localhost/v2 ns=", url(only("localhost")));
    assertEquals("HTTPS [::1]/v2 ns=", url(only("[::1]")));
    assertEquals("HTTPS localhost:443/v2 ns=", url(only("localhost:443")));
    assertEquals("HTTP localhost:80/v2 ns=", url(only("localhost:80")));
    assertEquals("HTTPS localhost.test:5000/v2 ns=", url(only("localhost.test:5000")));
  }

  @Test
  void plainHttpHoldsForHostsWithoutAnAddressInAFile() throws IOException {
    write("registry.test", "server = \"https://other.test\"");
    assertEquals(
        "HTTPS other.test/v2 ns=registry.test",
        url(hosts("registry.test", Sources.PLAIN).getFirst()));
    assertEquals("HTTP plain.test/v2 ns=", url(hosts("plain.test", Sources.PLAIN).getFirst()));
    assertEquals(
        "HTTPS registry-1.docker.io/v2 ns=", url(hosts("docker.io", Sources.PLAIN).getFirst()));
  }

  @Test
  void theFoldersNameMayHaveThePortInTwoForms() throws IOException {
    write("_default", "server = \"https://fallback.test\"");
    assertEquals("fallback.test", only("registry.test:5000").authority());
    write("registry.test:5000", "server = \"https://colon.test\"");
    assertEquals("colon.test", only("registry.test:5000").authority());
    write("registry.test_5000_", "server = \"https://underscore.test\"");
    assertEquals("underscore.test", only("registry.test:5000").authority());
    assertEquals("fallback.test", only("registry.test").authority());
  }

  @Test
  void theFirstDirectoryThatKnowsTheHostCounts(@TempDir Path other) throws IOException {
    Sources.hosts(other, "registry.test", "server = \"https://second.test\"");
    HostsDirectory both = new HostsDirectory(List.of(directory, other));
    assertEquals(
        "second.test", both.hosts("registry.test", SourceOptions.DEFAULT).getFirst().authority());
    write("_default", "server = \"https://first.test\"");
    assertEquals(
        "first.test", both.hosts("registry.test", SourceOptions.DEFAULT).getFirst().authority());
  }

  @Test
  void hostsKeepTheFilesOrderAndTheServerIsLast() throws IOException {
    write(
        "registry.test",
        "server = \"https://upstream.test\"",
        "[host.\"https://zebra.test\"]",
        "[host.\"https://zebra.test\".header]",
        "  x = \"1\"",
        "[host.\"http://middle.test:8080/prefix\"]",
        "[host.\"alpha.test\"]");
    assertEquals(
        List.of(
            "HTTPS zebra.test/v2 ns=registry.test",
            "HTTP middle.test:8080/prefix/v2 ns=registry.test",
            "HTTPS alpha.test/v2 ns=registry.test",
            "HTTPS upstream.test/v2 ns=registry.test"),
        hosts("registry.test").stream().map(HostsFileTest::url).toList());
  }

  @Test
  void withoutAServerTheImagesOwnHostIsLast() throws IOException {
    write("registry.test", "[host.\"https://mirror.test\"]");
    assertEquals(
        List.of("HTTPS mirror.test/v2 ns=registry.test", "HTTPS registry.test/v2 ns="),
        hosts("registry.test").stream().map(HostsFileTest::url).toList());
    write("docker.io", "[host.\"https://mirror.test\"]", "[host.\"https://registry-1.docker.io\"]");
    assertEquals(
        List.of(
            "HTTPS mirror.test/v2 ns=docker.io",
            "HTTPS registry-1.docker.io/v2 ns=",
            "HTTPS registry-1.docker.io/v2 ns="),
        hosts("docker.io").stream().map(HostsFileTest::url).toList());
  }

  @Test
  void everyKeyOfAHostIsRead() throws IOException {
    write(
        "registry.test",
        "[host.\"https://mirror.test/v2/deep/\"]",
        "  capabilities = [\"Pull\", \"resolve\"]",
        "  skip_verify = true",
        "  override_path = true",
        "  dial_timeout = \"1m1.5s\"",
        "  proxy = \"http://proxy.test:3128\"",
        "  header = { X-One = \"1\", X-Two = [\"2\", \"3\"] }");
    RegistryHost host = hosts("registry.test").getFirst();
    assertEquals("HTTPS mirror.test/v2/deep ns=registry.test", url(host));
    assertEquals(
        Set.of(RegistryHost.Capability.PULL, RegistryHost.Capability.RESOLVE), host.capabilities());
    assertTrue(host.tls().skipVerify());
    assertEquals(Optional.of(Duration.ofMillis(61_500)), host.dialTimeout());
    assertEquals(Optional.of(new Proxies.Proxy("proxy.test", 3128, null)), host.proxy());
    assertEquals(List.of("1"), host.headers().all("x-one"));
    assertEquals(List.of("2", "3"), host.headers().all("X-Two"));
  }

  @Test
  void keysOfTheFileItselfHoldForTheServer() throws IOException {
    write("registry.test", "skip_verify = true", "dial_timeout = \"3s\"", "[header]", "x = \"1\"");
    RegistryHost host = only("registry.test");
    assertEquals("HTTPS registry.test/v2 ns=", url(host));
    assertTrue(host.tls().skipVerify());
    assertEquals(Optional.of(Duration.ofSeconds(3)), host.dialTimeout());
    assertEquals(List.of("1"), host.headers().all("X"));
  }

  @Test
  void anUnknownKeyIsPassedOver() throws IOException {
    write("registry.test", "colour = \"red\"", "[host.\"https://mirror.test\"]", "size = 3");
    assertEquals(2, hosts("registry.test").size());
  }

  @Test
  void anEmptyFileOrFolderSaysNothing() throws IOException {
    Files.createDirectories(directory.resolve("registry.test"));
    assertEquals("HTTPS registry.test/v2 ns=", url(only("registry.test")));
    Files.createFile(directory.resolve("registry.test/hosts.toml"));
    assertEquals("HTTPS registry.test/v2 ns=", url(only("registry.test")));
  }

  @Test
  void namespacesAreEscaped() throws IOException {
    write("registry.test:5000", "server = \"https://mirror.test\"");
    assertEquals(
        "https://mirror.test/v2/a/manifests/b?ns=registry.test%3A5000",
        only("registry.test:5000").uri(true, "/a/manifests/b").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "server = 3",
        "server = \"ftp://x\"",
        "server = \"https://user:geheim@x\"",
        "server = \"https://x?geheim=1\"",
        "server = \"https://\"",
        "capabilities = [\"fly\"]",
        "capabilities = 3",
        "ca = 3",
        "ca = [3]",
        "ca = \"missing.crt\"",
        "client = 3",
        "client = [3]",
        "client = [[\"a\"]]",
        "client = [[\"a\", \"b\", \"c\"]]",
        "client = \"missing.pem\"",
        "skip_verify = \"yes\"",
        "override_path = 1",
        "dial_timeout = 3",
        "dial_timeout = \"soon\"",
        "proxy = \"socks5://x\"",
        "header = \"x\"",
        "header = { x = 3 }",
        "header = { \"a b\" = \"x\" }",
        "header = { Host = \"x\" }",
        "header = { x = \"a\\nb\" }",
        "host = 3",
        "host = { \"https://x\" = 3 }",
        "[host.\"https://x:y\"]"
      })
  void aMistakeNamesFileAndKey(String line) throws IOException {
    FailedPreconditionException e = refused(line);
    String key = line.startsWith("[host") ? "host" : line.substring(0, line.indexOf(' '));
    String start = directory.resolve("registry.test/hosts.toml") + ": " + key;
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
    assertFalse(e.getMessage().contains("geheim"), e.getMessage());
  }

  @Test
  void whatIsNotTomlNamesFileAndLine() throws IOException {
    FailedPreconditionException e = refused("server = \"https://x\"", "header = [\"geheim");
    assertTrue(e.getMessage().endsWith("hosts.toml: not valid TOML at line 2"), e.getMessage());
  }

  @Test
  void aFileOfUnreasonableSizeIsRefused() throws IOException {
    refused("#" + "x".repeat(1024 * 1024));
  }

  @Test
  void aCertificateFileWithoutCertificateIsRefused() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("registry.test"));
    Files.writeString(folder.resolve("ca.crt"), "nothing");
    FailedPreconditionException e =
        assertThrows(FailedPreconditionException.class, () -> hosts("registry.test"));
    assertTrue(e.getMessage().endsWith("ca.crt\": has no certificate"), e.getMessage());
  }
}
