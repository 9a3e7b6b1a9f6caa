package dev.carafe.oci;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image wants of its container (OCI image specification, "Image Configuration"). It is
 * hostile: labels with reserved prefixes are dropped (CVE-2026-53488), variables without a name are
 * dropped, everything else is text that later steps check where they use it.
 *
 * @param diffIds digests of the uncompressed layers, bottom first
 * @param user {@code USER[:GROUP]}, names or numbers, or empty
 */
public record ImageConfig(
    Platform platform,
    List<Digest> diffIds,
    List<String> env,
    List<String> entrypoint,
    List<String> cmd,
    String user,
    String workingDir,
    Map<String, String> labels,
    List<String> volumes,
    List<String> exposedPorts,
    String stopSignal) {
  /** The largest configuration that is read, in bytes. */
  public static final int LIMIT = 8 << 20;

  private static final List<String> RESERVED =
      List.of("containerd.io/", "io.cri-containerd", "io.containerd.");

  public ImageConfig {
    diffIds = List.copyOf(diffIds);
    env = List.copyOf(env);
    entrypoint = List.copyOf(entrypoint);
    cmd = List.copyOf(cmd);
    labels = Map.copyOf(labels);
    volumes = List.copyOf(volumes);
    exposedPorts = List.copyOf(exposedPorts);
  }

  /**
   * Reads a configuration.
   *
   * @param layers how many layers the manifest has
   * @throws InvalidArgumentException if it is not one, or its diff ids do not fit the manifest
   */
  public static ImageConfig parse(Digest digest, byte[] bytes, int layers) {
    JsonObject document = Json.object("image config " + digest, bytes);
    JsonObject config = document.object("config");
    List<Digest> diffIds =
        document.object("rootfs").texts("diff_ids").stream().map(Digest::parse).toList();
    if (diffIds.size() != layers) {
      throw new InvalidArgumentException(
          "image config "
              + digest
              + " names "
              + diffIds.size()
              + " layers, its manifest "
              + layers);
    }
    Map<String, String> labels = new LinkedHashMap<>();
    config
        .textMap("Labels")
        .forEach((key, value) -> {
          if (RESERVED.stream().noneMatch(key::startsWith)) {
            labels.put(key, value);
          }
        });
    return new ImageConfig(
        new Platform(document.text("os"), document.text("architecture"), document.text("variant")),
        diffIds,
        config.texts("Env").stream()
            .filter(variable -> variable.indexOf('=') > 0 && variable.indexOf(0) < 0)
            .toList(),
        config.texts("Entrypoint"),
        config.texts("Cmd"),
        config.text("User"),
        config.text("WorkingDir"),
        labels,
        List.copyOf(config.object("Volumes").members().keySet()),
        List.copyOf(config.object("ExposedPorts").members().keySet()),
        config.text("StopSignal"));
  }
}
