package dev.carafe.cni;

import dev.carafe.oci.Json;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The address ranges of this node's pods. They are kept on disk, as who sets them does so when they
 * change, not when the daemon starts.
 */
final class PodCidrs {
  private static final Logger log = LoggerFactory.getLogger(PodCidrs.class);

  /** The name that containerd gives it, which installers know. */
  static final String CONFIGURATION = "10-containerd-net.conflist";

  private static final int MOST = 16;
  private static final int MAX_TEMPLATE = 1 << 20;

  private final Path file;
  private volatile List<String> cidrs;

  PodCidrs(Path state) {
    this.file = state.resolve("pod-cidrs.json");
    this.cidrs = read(file);
  }

  List<String> get() {
    return cidrs;
  }

  private static List<String> read(Path file) {
    try {
      if (!Files.exists(file) || Files.size(file) > MAX_TEMPLATE) {
        return List.of();
      }
      return valid(Json.object(file.toString(), Files.readAllBytes(file)).texts("pod_cidrs"));
    } catch (IOException | InvalidArgumentException e) {
      log.warn("the address ranges of pods are not known: {}", e.getMessage());
      return List.of();
    }
  }

  private static List<String> valid(List<String> given) {
    if (given.size() > MOST) {
      throw new InvalidArgumentException("pod CIDR: more than " + MOST + " ranges");
    }
    return given.stream().map(String::strip).map(Names::requireCidr).toList();
  }

  void set(List<String> given) {
    List<String> next = valid(given);
    try {
      AttachmentStore.write(file, Json.bytes(Map.of("pod_cidrs", next)), 0600);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
    cidrs = next;
  }

  /** Makes the configuration from the template, unless it is there already just so. */
  void writeConfiguration(Path template, Path directory) {
    Path target = directory.resolve(CONFIGURATION);
    try {
      if (Files.size(template) > MAX_TEMPLATE) {
        throw new InvalidArgumentException(template + ": larger than " + MAX_TEMPLATE + " bytes");
      }
      byte[] bytes =
          ConfTemplate.render(Files.readString(template), cidrs).getBytes(StandardCharsets.UTF_8);
      Network _ = Network.of(Json.object(template.toString(), bytes), template.toString());
      if (Files.exists(target) && Arrays.equals(Files.readAllBytes(target), bytes)) {
        return;
      }
      Files.createDirectories(directory);
      AttachmentStore.write(target, bytes, 0644);
      log.info("{} made from {} for {}", target, template, cidrs);
    } catch (IOException e) {
      throw new UncheckedIOException(target + " from " + template + ": " + e, e);
    }
  }
}
