package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialChainTest {
  private static final ImageName IMAGE = ImageName.parse("r.example/app:v1");
  private static final Credentials CLIENT = new Credentials.Basic("client", "x");
  private static final Credentials FIRST = new Credentials.Basic("first", "x");
  private static final Credentials SECOND = new Credentials.Basic("second", "x");

  private static Optional<Credentials> ask(
      Optional<Credentials> client, Map<String, CredentialProvider> providers) {
    return new CredentialChain(providers)
        .behind((host, challenges) -> client, IMAGE)
        .apply("r.example", List.of());
  }

  @Test
  void whatTheClientGaveGoesBeforeAll() {
    CredentialProvider never =
        query -> {
          throw new AssertionError("asked");
        };
    assertEquals(Optional.of(CLIENT), ask(Optional.of(CLIENT), Map.of("a", never)));
  }

  @Test
  void providersAreAskedInTheOrderOfTheirIds() {
    assertEquals(
        Optional.of(FIRST),
        ask(
            Optional.empty(),
            Map.of("b", query -> Optional.of(SECOND), "a", query -> Optional.of(FIRST))));
    assertEquals(
        Optional.of(SECOND),
        ask(
            Optional.empty(),
            Map.of("b", query -> Optional.of(SECOND), "a", query -> Optional.empty())));
  }

  @Test
  void aProviderThatFailsIsPassedOver() {
    CredentialProvider broken =
        query -> {
          throw new UnavailableException("vault is locked");
        };
    assertEquals(
        Optional.of(SECOND),
        ask(Optional.empty(), Map.of("a", broken, "b", query -> Optional.of(SECOND))));
    assertEquals(Optional.empty(), ask(Optional.empty(), Map.of("a", broken)));
  }

  @Test
  void aCancelEndsTheSearch() {
    CredentialProvider cancelled =
        query -> {
          throw new CancelledException("gone");
        };
    assertThrows(CancelledException.class, () -> ask(Optional.empty(), Map.of("a", cancelled)));
  }

  @Test
  void aMirrorIsGivenItsOwnAndNotItsOriginals(@TempDir Path hosts) throws IOException {
    byte[] layer = Sources.noise(1000, 1);
    try (FakeRegistry mirror = FakeRegistry.plain()) {
      mirror.manifest("app", "v1", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      mirror.blob("app", layer);
      List<String> sent = Collections.synchronizedList(new ArrayList<>());
      mirror.gate(exchange -> {
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        sent.add(String.valueOf(header));
        if (!Dialer.basic("mirror", "x").equals(header)) {
          exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=x");
          FakeRegistry.send(exchange, 401, "");
        }
      });
      Sources.hosts(
          hosts,
          "r.example",
          "[host.\"http://" + mirror.authority() + "\"]",
          "capabilities = [\"pull\", \"resolve\"]");
      List<String> asked = Collections.synchronizedList(new ArrayList<>());
      CredentialProvider provider =
          query -> {
            asked.add(query.host() + " for " + query.image());
            return Optional.of(
                query.host().equals("r.example")
                    ? new Credentials.Basic("original", "secret")
                    : new Credentials.Basic("mirror", "x"));
          };

      try (ImageSource.Repository repository =
          source(hosts, provider).open(IMAGE, SourceOptions.DEFAULT)) {
        assertArrayEquals(layer, Sources.fetch(repository, Sources.layer(layer), 0));
      }

      assertEquals(List.of(mirror.authority() + " for " + IMAGE), asked);
      assertFalse(sent.contains(Dialer.basic("original", "secret")));
    }
  }

  @Test
  void aReloadHoldsFromTheNextPullOn(@TempDir Path hosts) throws IOException {
    try (FakeRegistry registry = FakeRegistry.plain()) {
      registry.manifest("app", "v1", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
      Sources.hosts(hosts, "r.example", "[host.\"http://" + registry.authority() + "\"]");
      ConfiguredSource source = source(hosts.resolve("elsewhere"), query -> Optional.empty());

      source.reload(config(hosts));

      source.open(IMAGE, SourceOptions.DEFAULT).close();
    }
  }

  /** A method that is not handed on would be the contract's default. */
  @Test
  void everythingOfAnImageSourceIsHandedOn() throws NoSuchMethodException {
    for (Method method : ImageSource.class.getMethods()) {
      assertEquals(
          ConfiguredSource.class,
          ConfiguredSource.class
              .getMethod(method.getName(), method.getParameterTypes())
              .getDeclaringClass(),
          method.getName());
    }
  }

  private static ConfiguredSource source(Path hosts, CredentialProvider provider) {
    return new ConfiguredSource(
        config(hosts),
        new CredentialChain(Map.of("p", provider)),
        settings -> new RegistrySource(settings, Map.of(), time -> {}));
  }

  private static RegistryConfig config(Path hosts) {
    RegistryConfig defaults = RegistryConfig.DEFAULT;
    return new RegistryConfig(
        hosts.toString(),
        defaults.dialTimeout(),
        defaults.headerTimeout(),
        defaults.idleTimeout(),
        defaults.retries(),
        defaults.uploadChunk());
  }
}
