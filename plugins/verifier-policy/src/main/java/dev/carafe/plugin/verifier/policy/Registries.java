package dev.carafe.plugin.verifier.policy;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where images' signatures are (containers-registries.d(5)). */
final class Registries {
  private static final int FILES = 1000;
  private static final int FILE = 1 << 20;
  private static final YAMLMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();

  private final @Nullable Place fallback;
  private final Map<String, Place> byScope;

  private Registries(@Nullable Place fallback, Map<String, Place> byScope) {
    this.fallback = fallback;
    this.byScope = Map.copyOf(byScope);
  }

  /**
   * @param lookaside base of what is asked for signatures, or null
   * @param attachments whether sigstore's signatures are looked for beside the image
   */
  record Place(@Nullable URI lookaside, boolean attachments) {}

  /**
   * @throws PolicyException if a file is wrong, or two files speak of the same
   */
  static Registries read(Path directory) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.yaml")) {
      for (Path file : found) {
        files.add(file);
        if (files.size() > FILES) {
          throw new PolicyException("\"" + directory + "\" has more than " + FILES + " files");
        }
      }
    } catch (NoSuchFileException e) {
      return new Registries(null, Map.of());
    } catch (IOException e) {
      throw new PolicyException("\"" + directory + "\" cannot be listed: " + e, e);
    }
    files.sort(null);
    Place fallback = null;
    Map<String, Place> byScope = new HashMap<>();
    for (Path file : files) {
      JsonNode top = yaml(file);
      JsonNode common = top.path("default-docker");
      if (!common.isMissingNode()) {
        if (fallback != null) {
          throw new PolicyException("\"" + file + "\": default-docker is in another file, too");
        }
        fallback = place(common, file);
      }
      top.path("docker")
          .forEachEntry((scope, node) -> {
            if (byScope.put(scope, place(node, file)) != null) {
              throw new PolicyException("\"" + file + "\": " + scope + " is in another file, too");
            }
          });
    }
    return new Registries(fallback, byScope);
  }

  private static JsonNode yaml(Path file) {
    try {
      return YAML.readTree(Bounded.file(file, FILE));
    } catch (IOException e) {
      throw new PolicyException("\"" + file + "\" is no YAML: " + e.getMessage(), e);
    }
  }

  private static Place place(JsonNode node, Path file) {
    String base =
        node.path("lookaside").asText(node.path("sigstore").asText("")); // its name of old
    URI uri = null;
    if (!base.isEmpty()) {
      try {
        uri = URI.create(base);
      } catch (IllegalArgumentException e) {
        throw new PolicyException("\"" + file + "\": \"" + base + "\" is no URL", e);
      }
      String scheme = String.valueOf(uri.getScheme());
      if (!List.of("http", "https", "file").contains(scheme)) {
        throw new PolicyException("\"" + file + "\": \"" + base + "\" is no http or file URL");
      }
    }
    return new Place(uri, node.path("use-sigstore-attachments").asBoolean(false));
  }

  /** The place of an image's signatures: what is said of the narrowest scope. */
  Place of(ImageIdentity image) {
    for (String scope : Scopes.of(image)) {
      Place found = scope.isEmpty() ? null : byScope.get(scope);
      if (found != null) {
        return found;
      }
    }
    return fallback == null ? new Place(null, false) : fallback;
  }
}
