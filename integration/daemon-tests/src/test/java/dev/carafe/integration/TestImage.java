package dev.carafe.integration;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An image: layers and a configuration, for one platform.
 *
 * @param config the {@code config} object of the image configuration
 */
record TestImage(String os, String architecture, Map<String, Object> config, List<Layer> layers) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OCI = "application/vnd.oci.image.";

  static TestImage of(Layer... layers) {
    return of(List.of(layers));
  }

  static TestImage of(List<Layer> layers) {
    return new TestImage(
        "linux",
        hostArchitecture(),
        Map.of("Env", List.of("PATH=/bin"), "Cmd", List.of("/bin/sh")),
        layers);
  }

  TestImage on(String other) {
    return new TestImage(os, other, config, layers);
  }

  /** For no machine but a WebAssembly one. */
  TestImage wasi() {
    return new TestImage("wasi", "wasm", config, layers);
  }

  TestImage config(String key, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(config);
    more.put(key, value);
    return new TestImage(os, architecture, more, layers);
  }

  static String hostArchitecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  List<String> diffIds() {
    return layers.stream().map(layer -> Digests.sha256(layer.archive())).toList();
  }

  /** Chain ids from the lowest layer up (OCI image specification, "Layer ChainID"). */
  List<String> chainIds() {
    List<String> chain = new ArrayList<>();
    for (String diffId : diffIds()) {
      chain.add(
          chain.isEmpty()
              ? diffId
              : Digests.sha256((chain.getLast() + " " + diffId).getBytes(StandardCharsets.UTF_8)));
    }
    return chain;
  }

  /** The files that it unpacks to. */
  FileTree files() {
    return FileTree.of(layers);
  }

  /** Digests of all its blobs, the manifest among them. */
  List<String> blobs() {
    List<String> digests =
        new ArrayList<>(
            layers.stream().map(layer -> Digests.sha256(layer.blob())).distinct().toList());
    digests.add(Digests.sha256(configBytes()));
    digests.add(manifestDigest());
    return digests;
  }

  String manifestDigest() {
    return Digests.sha256(manifestBytes());
  }

  private byte[] configBytes() {
    return json(
        ordered(
            "architecture",
            architecture,
            "os",
            os,
            "config",
            config,
            "rootfs",
            ordered("type", "layers", "diff_ids", diffIds())));
  }

  /**
   * As {@link #writeLayout}, but with another layer in the manifest than the one in the
   * configuration. Returns the manifest's digest.
   */
  String writeLayoutWithLayer(Path directory, String tag, Layer other) {
    byte[] bytes = manifestBytes(List.of(other));
    writeBlobs(directory);
    writeBlob(directory, other.blob());
    writeBlob(directory, bytes);
    Map<String, Object> manifest = descriptor(OCI + "manifest.v1+json", bytes);
    manifest.put("annotations", Map.of("org.opencontainers.image.ref.name", tag));
    writeIndex(directory, List.of(manifest));
    return Digests.sha256(bytes);
  }

  private byte[] manifestBytes() {
    return manifestBytes(layers);
  }

  private byte[] manifestBytes(List<Layer> named) {
    List<Object> descriptors = new ArrayList<>();
    for (Layer layer : named) {
      descriptors.add(descriptor(layer.mediaType(), layer.blob()));
    }
    return json(
        ordered(
            "schemaVersion",
            2,
            "mediaType",
            OCI + "manifest.v1+json",
            "config",
            descriptor(OCI + "config.v1+json", configBytes()),
            "layers",
            descriptors));
  }

  /**
   * Writes an OCI layout with this image under a tag (OCI image specification, "image-layout.md").
   */
  void writeLayout(Path directory, String tag) {
    writeBlobs(directory);
    Map<String, Object> manifest = descriptor(OCI + "manifest.v1+json", manifestBytes());
    manifest.put("annotations", Map.of("org.opencontainers.image.ref.name", tag));
    writeIndex(directory, List.of(manifest));
  }

  /**
   * Writes an OCI layout with an index of several images under a tag; returns the index's digest.
   */
  static String writeLayout(Path directory, String tag, List<TestImage> images) {
    List<Object> manifests = new ArrayList<>();
    for (TestImage image : images) {
      image.writeBlobs(directory);
      Map<String, Object> manifest = descriptor(OCI + "manifest.v1+json", image.manifestBytes());
      manifest.put("platform", ordered("architecture", image.architecture, "os", image.os));
      manifests.add(manifest);
    }
    byte[] index =
        json(
            ordered(
                "schemaVersion", 2, "mediaType", OCI + "index.v1+json", "manifests", manifests));
    writeBlob(directory, index);
    Map<String, Object> top = descriptor(OCI + "index.v1+json", index);
    top.put("annotations", Map.of("org.opencontainers.image.ref.name", tag));
    writeIndex(directory, List.of(top));
    return Digests.sha256(index);
  }

  private void writeBlobs(Path directory) {
    layers.forEach(layer -> writeBlob(directory, layer.blob()));
    writeBlob(directory, configBytes());
    writeBlob(directory, manifestBytes());
  }

  private static void writeIndex(Path directory, List<?> manifests) {
    write(
        directory.resolve("index.json"), json(ordered("schemaVersion", 2, "manifests", manifests)));
    write(directory.resolve("oci-layout"), json(Map.of("imageLayoutVersion", "1.0.0")));
  }

  private static void writeBlob(Path directory, byte[] bytes) {
    write(
        directory
            .resolve("blobs/sha256")
            .resolve(Digests.sha256(bytes).substring("sha256:".length())),
        bytes);
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> descriptor(String mediaType, byte[] bytes) {
    return ordered("mediaType", mediaType, "digest", Digests.sha256(bytes), "size", bytes.length);
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private static byte[] json(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
