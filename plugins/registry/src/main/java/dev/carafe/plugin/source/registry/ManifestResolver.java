package dev.carafe.plugin.source.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Finds out what an image name stands for (OCI distribution specification, "Pulling manifests"): by
 * HEAD, and where that leaves something open by GET.
 */
final class ManifestResolver {
  static final int MANIFEST_LIMIT = 4 * 1024 * 1024;

  private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  private static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  private static final Set<String> MANIFESTS =
      Set.of(OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST);

  /** What a manifest is asked for with, best first. */
  static final Headers ACCEPT =
      Headers.builder()
          .add(
              "Accept",
              String.join(", ", OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, "*/*"))
          .build();

  /**
   * @param bytes of the manifest where they had to be fetched
   */
  record Resolved(Descriptor target, Optional<byte[]> bytes) {}

  private final ImageName name;

  ManifestResolver(ImageName name) {
    this.name = name;
  }

  static boolean isManifest(String mediaType) {
    return MANIFESTS.contains(mediaType)
        || mediaType.startsWith("application/vnd.docker.distribution.manifest.v1+");
  }

  Resolved resolve(HostSession host, Budget budget) throws IOException, HostFailure {
    String path = "/" + name.repository() + "/manifests/" + name.reference();
    try (Reply head = host.ask("HEAD", path, ACCEPT, budget)) {
      if (head.status() == 200) {
        Optional<Descriptor> target = described(head);
        if (target.isPresent()) {
          return new Resolved(target.get(), Optional.empty());
        }
      } else {
        HostFailure failure = Failures.of(head, "", budget);
        if (failure.mayPass() || failure.kind() == HostFailure.Kind.NOT_FOUND) {
          throw failure;
        }
      }
    }
    // Not enough said, or refused: HEAD has no words for why.
    try (Reply reply = host.ask("GET", path, ACCEPT, budget)) {
      if (reply.status() != 200) {
        throw Failures.of(reply, "", budget);
      }
      return read(reply, budget);
    }
  }

  /** The target as a head describes it; empty if it leaves anything out. */
  private Optional<Descriptor> described(Reply head) throws IOException, HostFailure {
    String mediaType = mediaType(head);
    List<String> length = head.headers().all("Content-Length");
    Optional<Digest> digest = declared(head);
    if (digest.isEmpty()) {
      digest = Optional.ofNullable(name.digest());
    }
    if (!isManifest(mediaType) || length.isEmpty() || digest.isEmpty()) {
      return Optional.empty();
    }
    long size = Wire.length(length);
    return size == 0
        ? Optional.empty()
        : Optional.of(new Descriptor(supported(mediaType), expected(digest.get()), size));
  }

  private Resolved read(Reply reply, Budget budget) throws IOException, HostFailure {
    long length = reply.body().declared();
    if (length > MANIFEST_LIMIT) {
      throw HostFailure.lasting(
          HostFailure.Kind.RESOURCE_EXHAUSTED,
          "manifest has " + length + " bytes; the limit is " + MANIFEST_LIMIT);
    }
    byte[] bytes = reply.body().all(MANIFEST_LIMIT, budget);
    Digest wanted = name.digest();
    Digest named = wanted != null ? wanted : declared(reply).orElse(Digest.of(bytes));
    Digest actual =
        Digest.finish(named.algorithm(), Digest.hasher(named.algorithm()).digest(bytes));
    if (!actual.equals(named)) {
      throw HostFailure.lasting(
          HostFailure.Kind.DATA_LOSS, "manifest is " + actual + ", not " + named);
    }
    String mediaType = mediaType(reply);
    if (!isManifest(mediaType)) {
      mediaType = guess(bytes);
    }
    return new Resolved(
        new Descriptor(supported(mediaType), actual, bytes.length), Optional.of(bytes));
  }

  private static String mediaType(Reply reply) {
    String type = reply.headers().first("Content-Type").orElse("");
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
  }

  private static Optional<Digest> declared(Reply reply) throws HostFailure {
    String text = reply.headers().first("Docker-Content-Digest").orElse("");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Digest.parse(text));
    } catch (InvalidArgumentException e) {
      throw HostFailure.lasting(
          HostFailure.Kind.DATA_LOSS, "names a digest that is not well-formed");
    }
  }

  /** Checks a declared digest against the one that the name has. */
  private Digest expected(Digest declared) throws HostFailure {
    Digest wanted = name.digest();
    if (wanted == null) {
      return declared;
    }
    if (wanted.algorithm().equals(declared.algorithm()) && !wanted.equals(declared)) {
      throw HostFailure.lasting(
          HostFailure.Kind.DATA_LOSS, "manifest is " + declared + ", not " + wanted);
    }
    return wanted;
  }

  private static String supported(String mediaType) throws HostFailure {
    if (!MANIFESTS.contains(mediaType)) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNIMPLEMENTED,
          "manifest of Docker schema 1, which is not supported: push the image again with a newer"
              + " client");
    }
    return mediaType;
  }

  /** What a document says of itself where the server says nothing useful. */
  private static String guess(byte[] bytes) throws HostFailure {
    JsonNode document = Json.read(bytes).orElseThrow(ManifestResolver::noManifest);
    String stated = document.path("mediaType").asText("");
    if (isManifest(stated)) {
      return stated;
    }
    if (document.path("schemaVersion").asInt() == 1) {
      return "application/vnd.docker.distribution.manifest.v1+json";
    }
    if (document.path("manifests").isArray()) {
      return OCI_INDEX;
    }
    if (document.path("layers").isArray()) {
      return OCI_MANIFEST;
    }
    throw noManifest();
  }

  private static HostFailure noManifest() {
    return HostFailure.lasting(HostFailure.Kind.UNAVAILABLE, "answers with no manifest");
  }
}
