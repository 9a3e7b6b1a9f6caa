package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ResolveTest {
  private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String LATEST = "/v2/a/b/manifests/latest";

  private FakeRegistry registry;

  @BeforeEach
  void start() throws IOException {
    registry = FakeRegistry.plain();
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  private ImageSource.Repository open(String rest) {
    return Sources.plain().open(registry.authority() + "/" + rest);
  }

  @Test
  void aTagIsResolvedByHeadAlone() {
    Digest digest = registry.manifest("a/b", "latest", Sources.MANIFEST, OCI_INDEX);
    try (ImageSource.Repository found = open("a/b:latest")) {
      assertEquals(digest, found.target().digest());
      assertEquals(Sources.MANIFEST.length, found.target().size());
      assertEquals(OCI_INDEX, found.target().mediaType());
    }
    assertEquals(List.of("HEAD " + LATEST), registry.asked());
  }

  @Test
  void everyManifestTypeIsAccepted() {
    registry.manifest("a/b", "latest", Sources.MANIFEST, OCI_INDEX);
    open("a/b").close();
    String accept = registry.seen().getFirst().header("Accept");
    for (String type :
        List.of(
            OCI_INDEX,
            FakeRegistry.OCI_MANIFEST,
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v2+json")) {
      assertTrue(accept.contains(type), accept);
    }
  }

  @Test
  void aDigestIsAskedForInPlaceOfTheTag() {
    Digest digest = registry.manifest("a/b", "v1", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    try (ImageSource.Repository found = open("a/b:v1@" + digest)) {
      assertEquals(digest, found.target().digest());
    }
    assertEquals(List.of("HEAD /v2/a/b/manifests/" + digest), registry.asked());
  }

  @Test
  void withoutADigestFieldTheManifestIsFetchedHashedAndKept() throws IOException {
    registry.on(
        LATEST,
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Content-Type", FakeRegistry.OCI_MANIFEST + "; charset=utf-8");
          FakeRegistry.send(exchange, 200, Sources.MANIFEST);
        });
    try (ImageSource.Repository found = open("a/b:latest")) {
      assertEquals(Digest.of(Sources.MANIFEST), found.target().digest());
      assertEquals(FakeRegistry.OCI_MANIFEST, found.target().mediaType());
      assertArrayEquals(Sources.MANIFEST, Sources.fetch(found, found.target(), 0));
    }
    assertEquals(List.of("HEAD " + LATEST, "GET " + LATEST), registry.asked());
  }

  @Test
  void aMediaTypeThatSaysNothingIsReadFromTheDocument() {
    registry.manifest("a/b", "latest", Sources.MANIFEST, "application/json");
    try (ImageSource.Repository found = open("a/b")) {
      assertEquals(FakeRegistry.OCI_MANIFEST, found.target().mediaType());
    }
  }

  @Test
  void anIndexWithoutMediaTypeIsRecognized() {
    registry.manifest(
        "a/b", "latest", Sources.utf8("{\"schemaVersion\":2,\"manifests\":[]}"), "text/plain");
    try (ImageSource.Repository found = open("a/b")) {
      assertEquals(OCI_INDEX, found.target().mediaType());
    }
  }

  @Test
  void aRegistryWithoutHeadIsAskedByGet() {
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    registry.gate(exchange -> {
      if (exchange.getRequestMethod().equals("HEAD")) {
        FakeRegistry.send(exchange, 405, "");
      }
    });
    try (ImageSource.Repository found = open("a/b")) {
      assertEquals(Digest.of(Sources.MANIFEST), found.target().digest());
    }
  }

  @Test
  void bytesThatAreNotWhatTheFieldSaysAreRefused() {
    registry.on(
        LATEST,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange
              .getResponseHeaders()
              .set("Docker-Content-Digest", Digest.of(new byte[] {1}).toString());
          FakeRegistry.send(exchange, 200, Sources.MANIFEST);
        });
    DataLossException e = assertThrows(DataLossException.class, () -> open("a/b"));
    assertTrue(e.getMessage().contains(Digest.of(Sources.MANIFEST).toString()), e.getMessage());
  }

  @Test
  void anotherDigestThanTheOneAskedForIsRefused() {
    Digest wanted = Digest.of(new byte[] {1});
    Digest other = Digest.of(Sources.MANIFEST);
    registry.on(
        "/v2/a/b/manifests/" + wanted,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", FakeRegistry.OCI_MANIFEST);
          exchange.getResponseHeaders().set("Docker-Content-Digest", other.toString());
          FakeRegistry.send(exchange, 200, Sources.MANIFEST);
        });
    assertThrows(DataLossException.class, () -> open("a/b@" + wanted));
  }

  @Test
  void aDigestFieldThatIsNoneIsRefused() {
    registry.on(
        LATEST,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", FakeRegistry.OCI_MANIFEST);
          exchange.getResponseHeaders().set("Docker-Content-Digest", "sha256:../../etc");
          FakeRegistry.send(exchange, 200, Sources.MANIFEST);
        });
    assertThrows(DataLossException.class, () -> open("a/b"));
  }

  @Test
  void aManifestBeyondTheLimitIsRefused() {
    byte[] large = new byte[ManifestResolver.MANIFEST_LIMIT + 1];
    registry.on(LATEST, exchange -> FakeRegistry.send(exchange, 200, large));
    assertThrows(ResourceExhaustedException.class, () -> open("a/b"));
  }

  @Test
  void aManifestWithoutEndIsRefused() {
    byte[] part = new byte[1024 * 1024];
    registry.on(
        LATEST,
        exchange -> {
          if (exchange.getRequestMethod().equals("HEAD")) {
            FakeRegistry.send(exchange, 405, "");
            return;
          }
          exchange.sendResponseHeaders(200, 0);
          for (int i = 0; i < 64; i++) {
            exchange.getResponseBody().write(part);
          }
          exchange.close();
        });
    assertThrows(UnavailableException.class, () -> open("a/b"));
  }

  @Test
  void schemaOneIsRefusedByName() {
    registry.manifest(
        "a/b",
        "latest",
        Sources.utf8("{\"schemaVersion\":1}"),
        "application/vnd.docker.distribution.manifest.v1+prettyjws");
    UnimplementedException e = assertThrows(UnimplementedException.class, () -> open("a/b"));
    assertTrue(e.getMessage().contains("schema 1"), e.getMessage());
  }

  @Test
  void aWebPageIsNoManifest() {
    registry.on(
        LATEST,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "text/html");
          FakeRegistry.send(exchange, 200, "<html>log in</html>");
        });
    assertThrows(UnavailableException.class, () -> open("a/b"));
  }

  @Test
  void aMissingImageIsNotFoundAndTheMessageNamesImageAndHost() {
    NotFoundException e = assertThrows(NotFoundException.class, () -> open("a/b:gone"));
    assertEquals(
        "image \"%1$s/a/b:gone\": %1$s: 404 not found".formatted(registry.authority()),
        e.getMessage());
  }

  @Test
  void theRegistrysWordsForARefusalAreShown() {
    registry.on(LATEST, x -> FakeRegistry.error(x, 403, "DENIED", "your\\u0007 plan has ended"));
    PermissionDeniedException e = assertThrows(PermissionDeniedException.class, () -> open("a/b"));
    assertTrue(e.getMessage().endsWith("403 denied (DENIED: your plan has ended)"), e.getMessage());
  }

  @Test
  void theWordsAreBounded() {
    registry.on(LATEST, x -> FakeRegistry.error(x, 403, "DENIED", "x".repeat(100_000)));
    PermissionDeniedException e = assertThrows(PermissionDeniedException.class, () -> open("a/b"));
    assertTrue(e.getMessage().length() < 1000, e.getMessage());
  }

  @Test
  void nobodyThereIsUnavailable() {
    String authority = registry.authority();
    registry.close();
    UnavailableException e =
        assertThrows(UnavailableException.class, () -> Sources.plain().open(authority + "/a/b"));
    assertEquals(
        "image \"%1$s/a/b\": %1$s: connection refused".formatted(authority), e.getMessage());
  }
}
