package com.example.aci;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageName;
import java.util.Map;

/**
 * The same image in the words of OCI. {@code app.exec} becomes the entry point, {@code name} and the
 * label {@code version} the image's name, {@code os} and {@code arch} its platform; other labels
 * and annotations are kept under their names.
 */
final class OciImage {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String OCI = "application/vnd.oci.image.";
  private static final String PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** Architectures of appc's label {@code arch}, and OCI's with variants. */
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "amd64", "amd64",
          "i386", "386",
          "aarch64", "arm64",
          "armv6l", "arm/v6",
          "armv7l", "arm/v7",
          "ppc64", "ppc64",
          "ppc64le", "ppc64le",
          "s390x", "s390x");

  private OciImage() {}

  /** Stores configuration, manifest and index; gives the index. */
  static Descriptor store(AppManifest app, Descriptor layer, Blobs blobs) {
    Descriptor config = blobs.document(OCI + "config.v1+json", bytes(config(app, layer)));
    ObjectNode manifest = document(OCI + "manifest.v1+json");
    manifest.set("config", json(config));
    manifest.putArray("layers").add(json(layer));
    manifest.set("annotations", texts(app.annotations()));
    Descriptor stored = blobs.document(OCI + "manifest.v1+json", bytes(manifest));

    ObjectNode index = document(OCI + "index.v1+json");
    ObjectNode entry = json(stored);
    platform(app, entry.putObject("platform"));
    name(app, entry);
    index.putArray("manifests").add(entry);
    return blobs.document(OCI + "index.v1+json", bytes(index));
  }

  private static ObjectNode config(AppManifest app, Descriptor layer) {
    ObjectNode root = JSON.createObjectNode();
    String created = app.annotations().get("created");
    if (created != null) {
      root.put("created", created);
    }
    if (app.annotations().containsKey("authors")) {
      root.put("author", app.annotations().get("authors"));
    }
    platform(app, root);
    ObjectNode config = root.putObject("config");
    config.put("User", app.user() + ":" + app.group());
    ArrayNode entrypoint = config.putArray("Entrypoint");
    app.exec().forEach(entrypoint::add);
    if (!app.workingDirectory().isEmpty()) {
      config.put("WorkingDir", app.workingDirectory());
    }
    ArrayNode environment = config.putArray("Env");
    if (!app.environment().containsKey("PATH")) {
      environment.add("PATH=" + PATH);
    }
    app.environment().forEach((name, value) -> environment.add(name + "=" + value));
    ObjectNode ports = config.putObject("ExposedPorts");
    app.ports().forEach(ports::putObject);
    ObjectNode volumes = config.putObject("Volumes");
    app.mountPoints().forEach(volumes::putObject);
    config.set("Labels", texts(app.labels()));
    ObjectNode rootfs = root.putObject("rootfs");
    rootfs.put("type", "layers");
    rootfs.putArray("diff_ids").add(layer.digest().toString());
    return root;
  }

  private static void platform(AppManifest app, ObjectNode into) {
    String arch = app.label("arch").orElse("amd64");
    String known = ARCHITECTURES.get(arch);
    if (known == null) {
      throw new InvalidArgumentException("ACI: the architecture \"" + arch + "\" is not known");
    }
    String[] parts = known.split("/");
    into.put("os", app.label("os").orElse("linux"));
    into.put("architecture", parts[0]);
    if (parts.length > 1) {
      into.put("variant", parts[1]);
    }
  }

  private static void name(AppManifest app, ObjectNode entry) {
    String version = app.label("version").orElse("latest").replaceAll("[^A-Za-z0-9_.-]", "_");
    try {
      ImageName name = ImageName.parse(app.name() + ":" + version);
      entry
          .putObject("annotations")
          .put("io.containerd.image.name", name.toString())
          .put("org.opencontainers.image.ref.name", version);
    } catch (InvalidArgumentException e) {
      // No name at a registry looks like that: whoever imports it must give one.
    }
  }

  private static ObjectNode document(String mediaType) {
    return JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", mediaType);
  }

  private static ObjectNode json(Descriptor descriptor) {
    return JSON.createObjectNode()
        .put("mediaType", descriptor.mediaType())
        .put("digest", descriptor.digest().toString())
        .put("size", descriptor.size());
  }

  private static ObjectNode texts(Map<String, String> texts) {
    ObjectNode node = JSON.createObjectNode();
    texts.forEach(node::put);
    return node;
  }

  private static byte[] bytes(JsonNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
