package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProxiesTest {
  private static boolean proxied(String exceptions, String url) {
    return Proxies.of(Map.of("HTTPS_PROXY", "http://proxy.test:3128", "no_proxy", exceptions))
        .proxyFor(Origin.of(URI.create(url)))
        .isPresent();
  }

  @Test
  void eachSchemeHasItsOwnVariable() {
    Proxies proxies =
        Proxies.of(Map.of("HTTP_PROXY", "a.test:1", "https_proxy", "http://b.test:2/"));
    assertEquals(
        "a.test:1", proxies.proxyFor(Origin.of(URI.create("http://x.test"))).get().toString());
    assertEquals(
        "b.test:2", proxies.proxyFor(Origin.of(URI.create("https://x.test"))).get().toString());
    assertTrue(Proxies.of(Map.of()).proxyFor(Origin.of(URI.create("http://x.test"))).isEmpty());
  }

  @Test
  void exceptionsAreNamesDomainsAddressesAndNetworks() {
    assertTrue(proxied("", "https://x.test"));
    assertFalse(proxied("*", "https://x.test"));
    assertFalse(proxied("y, x.test", "https://x.test"));
    assertFalse(proxied("x.test", "https://deep.x.test"));
    assertTrue(proxied("x.test", "https://xx.test"));
    assertTrue(proxied(".x.test", "https://x.test"));
    assertFalse(proxied(".x.test", "https://deep.x.test"));
    assertFalse(proxied("*.x.test", "https://deep.x.test"));
    assertFalse(proxied("x.test:443", "https://x.test"));
    assertTrue(proxied("x.test:8443", "https://x.test"));
    assertFalse(proxied("10.1.2.3", "https://10.1.2.3"));
    assertFalse(proxied("10.0.0.0/9", "https://10.127.2.3"));
    assertTrue(proxied("10.0.0.0/9", "https://10.128.2.3"));
    assertFalse(proxied("2001:db8::/32", "https://[2001:db8::7]"));
    assertTrue(proxied("2001:db8::/32", "https://10.0.0.1"));
    assertTrue(proxied("10.0.0.0/99, nonsense/8, /", "https://10.0.0.1"));
    assertFalse(proxied("0.0.0.0/0", "https://10.0.0.1"));
  }

  @Test
  void thisMachineIsNeverReachedThroughAProxy() {
    assertFalse(proxied("", "https://localhost:5000"));
    assertFalse(proxied("", "https://127.9.9.9"));
    assertFalse(proxied("", "https://[::1]:5000"));
  }

  @Test
  void aProxyThatCannotBeUsedIsAnErrorWithoutItsPassword() {
    for (String proxy :
        List.of(
            "socks5://u:geheim@x",
            "https://u:geheim@x",
            "http://u:geheim@x/path",
            "http://u:geheim@x?y",
            "http://u:geheim x",
            "http://")) {
      FailedPreconditionException e =
          assertThrows(
              FailedPreconditionException.class, () -> Proxies.of(Map.of("HTTPS_PROXY", proxy)));
      assertTrue(e.getMessage().startsWith("HTTPS_PROXY: "), e.getMessage());
      assertFalse(e.getMessage().contains("geheim"), e.getMessage());
    }
  }

  @Test
  void plainRequestsGoToTheProxyInAbsoluteForm(@TempDir Path hosts) throws IOException {
    try (RawServer proxy =
        RawServer.saying(
            "HTTP/1.1 200 OK\r\nContent-Type: "
                + FakeRegistry.OCI_MANIFEST
                + "\r\nContent-Length: 5\r\nDocker-Content-Digest: sha256:"
                + "0".repeat(64)
                + "\r\n\r\n")) {
      Sources.hosts(
          hosts,
          "_default",
          "server = \"http://registry.test:5000\"",
          "proxy = \"http://ann:s3cret@" + proxy.authority() + "\"");
      Sources.configured(hosts).open("registry.test:5000/a/b", SourceOptions.DEFAULT).close();
      assertEquals(
          "HEAD http://registry.test:5000/v2/a/b/manifests/latest HTTP/1.1",
          proxy.heads().getFirst().getFirst());
      assertTrue(
          proxy
              .heads()
              .getFirst()
              .contains("Proxy-Authorization: " + Dialer.basic("ann", "s3cret")));
    }
  }

  @Test
  void tlsGoesThroughATunnel(@TempDir Path directory) throws Exception {
    Certificates certificates = new Certificates(directory);
    certificates.authority("root");
    certificates.issue("server", "root", "EC", "registry.test");
    try (FakeRegistry registry = FakeRegistry.tls(certificates.server("server", "root"), false);
        RawServer proxy =
            new RawServer((request, head, socket) -> {
              RawServer.say(socket, "HTTP/1.1 200 Connection established\r\n\r\n");
              tunnel(socket, registry.port());
            })) {
      registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      Sources.hosts(
          directory,
          "registry.test",
          "ca = \"" + directory.resolve("root.crt") + "\"",
          "proxy = \"http://ann:s3cret@" + proxy.authority() + "\"");
      Sources.configured(directory).open("registry.test/a/b", SourceOptions.DEFAULT).close();
      assertEquals(
          List.of(
              "CONNECT registry.test:443 HTTP/1.1",
              "Host: registry.test:443",
              "Proxy-Authorization: " + Dialer.basic("ann", "s3cret")),
          proxy.heads().getFirst());
    }
  }

  @Test
  void aProxyThatRefusesIsNamed(@TempDir Path hosts) throws IOException {
    try (RawServer proxy = RawServer.saying("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) {
      Sources.hosts(hosts, "registry.test", "proxy = \"http://" + proxy.authority() + "\"");
      UnavailableException e =
          assertThrows(
              UnavailableException.class,
              () -> Sources.configured(hosts).open("registry.test/a/b", SourceOptions.DEFAULT));
      assertTrue(e.getMessage().contains("proxy answered \"HTTP/1.1 407"), e.getMessage());
    }
  }

  /** Passes bytes on in both directions until either side ends. */
  private static void tunnel(Socket client, int port) throws IOException {
    try (Socket server = new Socket("127.0.0.1", port)) {
      Thread back =
          Thread.startVirtualThread(() -> {
            try {
              copy(server.getInputStream(), client.getOutputStream());
            } catch (IOException e) {
              // Either side has left.
            }
          });
      copy(client.getInputStream(), server.getOutputStream());
      back.interrupt();
    }
  }

  private static void copy(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[8192];
    for (int count; (count = in.read(buffer)) >= 0; ) {
      out.write(buffer, 0, count);
      out.flush();
    }
  }
}
