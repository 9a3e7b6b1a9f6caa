package dev.carafe.plugin.verifier.policy;

import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The names of a policy that fit an image, the narrowest first (containers-policy.json(5)). */
final class Scopes {
  private Scopes() {}

  static List<String> of(ImageLocation image) {
    return switch (image) {
      case ImageName name -> of(ImageIdentity.of(name));
      case ImageFile file -> of(file);
    };
  }

  /** The image, its file, the folders above it, and the empty scope for all files. */
  private static List<String> of(ImageFile file) {
    List<String> scopes = new ArrayList<>();
    if (!file.image().isEmpty()) {
      scopes.add(file.path() + ":" + file.image());
    }
    for (Path at = file.path(); at != null && at.getNameCount() > 0; at = at.getParent()) {
      scopes.add(at.toString());
    }
    scopes.add("");
    return scopes;
  }

  /**
   * The image, its repository, what is above it up to the host, the host's domains as {@code
   * *.DOMAIN}, and the empty scope for all registries.
   */
  static List<String> of(ImageIdentity image) {
    List<String> scopes = new ArrayList<>();
    scopes.add(image.toString());
    scopes.addAll(ofRepository(image.repository()));
    scopes.add("");
    return scopes;
  }

  /** From the repository up to the domains of its host. */
  static List<String> ofRepository(String repository) {
    List<String> scopes = new ArrayList<>();
    String above = repository;
    scopes.add(above);
    for (int slash = above.lastIndexOf('/'); slash >= 0; slash = above.lastIndexOf('/')) {
      above = above.substring(0, slash);
      scopes.add(above);
    }
    int port = above.lastIndexOf(':');
    String host = port < 0 ? above : above.substring(0, port);
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      scopes.add("*." + host.substring(dot + 1));
    }
    return scopes;
  }
}
