package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  private static final String V4 = "v4.channel.k8s.io";
  private static final String PASSWORD = "changeit";

  @TempDir static Path directory;
  private static KeyStore keys;
  private static Path certificate;
  private static Path key;

  @BeforeAll
  static void makeIdentity() throws Exception {
    Path store = directory.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "x",
                    "-keyalg",
                    "EC",
                    "-groupname",
                    "secp256r1",
                    "-dname",
                    "CN=streams",
                    "-ext",
                    "SAN=ip:127.0.0.1",
                    "-ext",
                    "BC=ca:true",
                    "-validity",
                    "2",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    PASSWORD,
                    "-keystore",
                    store.toString()))
            .inheritIO()
            .start();
    assertTrue(keytool.waitFor(60, TimeUnit.SECONDS));
    keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    certificate = pem("tls.crt", "CERTIFICATE", keys.getCertificate("x").getEncoded());
    key = pem("tls.key", "PRIVATE KEY", keys.getKey("x", PASSWORD.toCharArray()).getEncoded());
  }

  private static Path pem(String name, String type, byte[] bytes) throws Exception {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return Files.writeString(
        directory.resolve(name),
        "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }

  private static Served start(boolean clientsToo) {
    return Served.start(settings -> {
      settings.tlsCert = certificate.toString();
      settings.tlsKey = key.toString();
      settings.tlsCa = clientsToo ? certificate.toString() : "";
      return settings;
    });
  }

  private static SslContextBuilder client() {
    return SslContextBuilder.forClient().trustManager(certificate.toFile());
  }

  @Test
  void spdyRunsOverTls() throws Exception {
    // Given
    try (Served served = start(false)) {
      served.exec((_, streams) -> {
        streams.stdout().write(new byte[1 << 20]);
        return 5;
      });
      URI url = served.server().exec(Served.outputOnly());

      // When
      try (SpdyClient client = SpdyClient.connect(url, client().build(), V4)) {
        SpdyClient.Stream error = client.type("error");
        SpdyClient.Stream stdout = client.type("stdout");

        // Then
        assertEquals("https", url.getScheme());
        assertEquals(1 << 20, SpdyClient.get(stdout.all).length);
        assertTrue(error.text().contains("\"message\":\"5\""));
        assertTrue(client.closes());
      }
    }
  }

  @Test
  void webSocketsRunOverTls() throws Exception {
    // Given
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    anchors.setCertificateEntry("x", keys.getCertificate("x"));
    trust.init(anchors);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);

    // When
    try (Served served = start(false).exec((_, streams) -> streams.stdin().read());
        WebSocketClient client =
            WebSocketClient.connect(served.server().exec(Served.plain()), tls, V4)) {
      client.send(0, new byte[] {9});

      // Then
      assertTrue(client.text(3).contains("\"message\":\"9\""));
    }
  }

  @Test
  void clientsWithoutACertificateAreRefusedWhereOneIsAskedFor() throws Exception {
    try (Served served = start(true)) {
      // When
      URI url = served.server().exec(Served.outputOnly());

      // Then
      assertThrows(Exception.class, () -> SpdyClient.connect(url, client().build(), V4));
      var known = client().keyManager(certificate.toFile(), key.toFile()).build();
      try (SpdyClient client = SpdyClient.connect(url, known, V4)) {
        assertEquals(101, client.response.get().status().code());
      }
    }
  }

  @Test
  void aKeyThatCannotBeReadIsAMistakeOfTheConfiguration() {
    assertThrows(
        InvalidArgumentException.class,
        () ->
            Served.start(settings -> {
              settings.tlsCert = certificate.toString();
              settings.tlsKey = directory.resolve("none").toString();
              return settings;
            }));
  }
}
