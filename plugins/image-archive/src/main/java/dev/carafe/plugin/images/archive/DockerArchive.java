package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.plugin.images.archive.Blobs.Stored;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * What {@code docker save} wrote before it wrote OCI layouts: a list of images, each a
 * configuration and layers by file name. They get the manifests and the index that they lack.
 */
final class DockerArchive {
  static final String MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
  private static final String CONFIG = "application/vnd.docker.container.image.v1+json";
  private static final String LAYER = "application/vnd.docker.image.rootfs.diff.tar";
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final int CHILDREN_LIMIT = 10_000;

  private final Parts parts;
  private final Map<Stored, Descriptor> layers = new HashMap<>();

  DockerArchive(Parts parts) {
    this.parts = parts;
  }

  /** The images that the list names. */
  static JsonNode images(byte[] document) {
    JsonNode images = Json.read("manifest.json", document);
    if (!images.isArray() || images.isEmpty() || images.size() > CHILDREN_LIMIT) {
      throw new InvalidArgumentException("image archive: manifest.json is not a list of images");
    }
    return images;
  }

  Descriptor index(byte[] document) throws IOException {
    JsonNode images = images(document);
    ArrayNode manifests = Json.array();
    for (JsonNode image : images) {
      ObjectNode descriptor = manifest(image);
      JsonNode tags = image.path("RepoTags");
      if (tags.isEmpty()) {
        manifests.add(descriptor);
      }
      for (JsonNode tag : tags) {
        manifests.add(named(descriptor, tag.asText()));
      }
    }
    ObjectNode index = Json.object();
    index.put("schemaVersion", 2);
    index.put("mediaType", INDEX);
    index.set("manifests", manifests);
    return parts.store("index", Json.bytes(index)).as(INDEX);
  }

  private ObjectNode manifest(JsonNode image) throws IOException {
    Stored manifest = parts.store("manifest", Json.bytes(document(image)));
    ObjectNode descriptor = descriptor(manifest.as(MANIFEST));
    Stored config = parts.find(image.path("Config").asText(""));
    JsonNode platform = Json.object("image config", parts.read(config, ArchiveReader.JSON_LIMIT));
    if (platform.path("os").isTextual() && platform.path("architecture").isTextual()) {
      ObjectNode of = descriptor.putObject("platform");
      for (String key : new String[] {"architecture", "os", "variant", "os.version"}) {
        if (platform.path(key).isTextual()) {
          of.put(key, platform.path(key).textValue());
        }
      }
    }
    return descriptor;
  }

  /** The manifest that an image of the list lacks. */
  ObjectNode document(JsonNode image) throws IOException {
    Stored config = parts.find(image.path("Config").asText(""));
    JsonNode names = image.path("Layers");
    if (names.size() > CHILDREN_LIMIT) {
      throw new InvalidArgumentException(
          "image archive: an image has more than " + CHILDREN_LIMIT + " layers");
    }
    ArrayNode children = Json.array();
    for (JsonNode name : names) {
      children.add(descriptor(layer(name.asText(""))));
    }
    ObjectNode manifest = Json.object();
    manifest.put("schemaVersion", 2);
    manifest.put("mediaType", MANIFEST);
    manifest.set("config", descriptor(config.as(CONFIG)));
    manifest.set("layers", children);
    return manifest;
  }

  private Descriptor layer(String name) throws IOException {
    Stored found = parts.find(name);
    Descriptor known = layers.get(found);
    if (known == null) {
      Stored kept = parts.packing(found) == Packing.NONE ? parts.kept(name, found) : found;
      known =
          kept.as(
              switch (parts.packing(kept)) {
                case GZIP -> LAYER + ".gzip";
                case ZSTD -> LAYER + ".zstd";
                case NONE -> LAYER;
              });
      layers.put(found, known);
    }
    return known;
  }

  private static ObjectNode named(ObjectNode descriptor, String tag) {
    ImageName name;
    try {
      name = ImageName.normalize(tag);
    } catch (InvalidArgumentException e) {
      throw new InvalidArgumentException("image archive: " + e.getMessage(), e);
    }
    ObjectNode named = descriptor.deepCopy();
    named
        .putObject("annotations")
        .put(ArchiveWriter.NAME, name.toString())
        .put(ArchiveWriter.REF_NAME, name.tag().isEmpty() ? name.toString() : name.tag());
    return named;
  }

  static ObjectNode descriptor(Descriptor descriptor) {
    return Json.object()
        .put("mediaType", descriptor.mediaType())
        .put("digest", descriptor.digest().toString())
        .put("size", descriptor.size());
  }
}
