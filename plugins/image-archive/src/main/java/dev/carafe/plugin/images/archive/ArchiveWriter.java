package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageArchive.Contents;
import dev.carafe.spi.images.ImageArchive.Entry;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An OCI layout (OCI image specification, "Image Layout Specification") in a tar archive, with
 * Docker's list of images beside it. The same images make the same bytes.
 */
final class ArchiveWriter {
  static final String NAME = "io.containerd.image.name";
  static final String REF_NAME = "org.opencontainers.image.ref.name";
  private static final int CHUNK = 128 << 10;
  private static final String DOCKER_HUB = "docker.io/";
  private static final String OFFICIAL = "docker.io/library/";

  private final ContentReader content;
  private final TarOutput tar;

  ArchiveWriter(ContentReader content, OutputStream archive) {
    this.content = content;
    this.tar = new TarOutput(archive);
  }

  void write(Contents contents) throws IOException {
    file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.US_ASCII));
    file("index.json", index(contents));
    if (contents.compatible()) {
      ArrayNode images = images(contents);
      if (!images.isEmpty()) {
        file("manifest.json", Json.bytes(images));
      }
    }
    TreeSet<String> algorithms = new TreeSet<>();
    contents.blobs().forEach(blob -> algorithms.add(blob.digest().algorithm()));
    tar.directory("blobs/");
    for (String algorithm : algorithms) {
      tar.directory("blobs/" + algorithm + "/");
    }
    for (Descriptor blob : contents.blobs()) {
      blob(blob);
    }
    tar.finish();
  }

  private void file(String name, byte[] bytes) throws IOException {
    tar.file(name, bytes.length);
    tar.body(bytes, 0, bytes.length);
    tar.endFile();
  }

  private void blob(Descriptor blob) throws IOException {
    byte[] chunk = new byte[CHUNK];
    MessageDigest hash = Digest.hasher(blob.digest().algorithm());
    try (BlobReader reader = content.open(blob.digest())) {
      if (reader.size() != blob.size()) {
        throw new DataLossException(
            "content "
                + blob.digest()
                + " has "
                + reader.size()
                + " bytes, its manifest says "
                + blob.size());
      }
      tar.file(path(blob), blob.size());
      InputStream in = reader.stream(0);
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        hash.update(chunk, 0, count);
        tar.body(chunk, 0, count);
      }
    }
    tar.endFile();
    if (!Digest.finish(blob.digest().algorithm(), hash.digest()).equals(blob.digest())) {
      throw new DataLossException("content " + blob.digest() + " is damaged");
    }
  }

  private static byte[] index(Contents contents) {
    ArrayNode manifests = Json.array();
    for (Entry image : contents.images()) {
      Descriptor target = image.target();
      ObjectNode descriptor = DockerArchive.descriptor(target);
      Platform platform = target.platform();
      if (platform != null) {
        ObjectNode of = descriptor.putObject("platform");
        of.put("architecture", platform.architecture()).put("os", platform.os());
        if (!platform.variant().isEmpty()) {
          of.put("variant", platform.variant());
        }
      }
      ObjectNode annotations = descriptor.putObject("annotations");
      Map<String, String> named = new TreeMap<>(target.annotations());
      named.put(NAME, image.name());
      named.put(REF_NAME, refName(image.name()));
      named.forEach(annotations::put);
      manifests.add(descriptor);
    }
    ObjectNode index = Json.object();
    index.put("schemaVersion", 2);
    index.put("mediaType", "application/vnd.oci.image.index.v1+json");
    index.set("manifests", manifests);
    return Json.bytes(index);
  }

  /** The tag; the whole name where it has none. */
  private static String refName(String name) {
    try {
      ImageName parsed = ImageName.parse(name);
      return parsed.tag().isEmpty() || parsed.digest() != null ? name : parsed.tag();
    } catch (InvalidArgumentException e) {
      return name;
    }
  }

  private ArrayNode images(Contents contents) {
    Map<Digest, ObjectNode> byManifest = new LinkedHashMap<>();
    for (Entry image : contents.images()) {
      Descriptor main = image.main();
      if (main == null) {
        continue;
      }
      ObjectNode entry = byManifest.computeIfAbsent(main.digest(), digest -> image(main));
      String familiar = familiar(image.name());
      if (!familiar.isEmpty()) {
        entry.withArray("RepoTags").add(familiar);
      }
    }
    ArrayNode images = Json.array();
    byManifest.values().forEach(images::add);
    return images;
  }

  private ObjectNode image(Descriptor main) {
    JsonNode manifest;
    try (BlobReader reader = content.open(main.digest())) {
      manifest = Json.object("manifest " + main.digest(), reader.readAll(ArchiveReader.JSON_LIMIT));
    }
    ObjectNode image = Json.object();
    image.put("Config", path(Digest.parse(manifest.path("config").path("digest").asText(""))));
    image.putArray("RepoTags");
    ArrayNode layers = image.putArray("Layers");
    for (JsonNode layer : manifest.path("layers")) {
      layers.add(path(Digest.parse(layer.path("digest").asText(""))));
    }
    return image;
  }

  /**
   * As Docker shows a name: the less of it, the more usual it is. Empty for what Docker refuses.
   */
  private static String familiar(String name) {
    ImageName parsed;
    try {
      parsed = ImageName.parse(name);
    } catch (InvalidArgumentException e) {
      return "";
    }
    if (parsed.tag().isEmpty()) {
      return "";
    }
    String tagged =
        new ImageName(parsed.host(), parsed.repository(), parsed.tag(), null).toString();
    if (tagged.startsWith(OFFICIAL)) {
      return tagged.substring(OFFICIAL.length());
    }
    return tagged.startsWith(DOCKER_HUB) ? tagged.substring(DOCKER_HUB.length()) : tagged;
  }

  private static String path(Descriptor blob) {
    return path(blob.digest());
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm() + "/" + digest.hex();
  }
}
