package dev.carafe.engine.archive;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;

/**
 * What images are called in the store: by what the client asks for, and what they say themselves.
 */
public final class ImageNames {
  static final String NAME = "io.containerd.image.name";
  static final String REF_NAME = "org.opencontainers.image.ref.name";
  private static final int LIMIT = 1024;

  private ImageNames() {}

  /**
   * Names for one image of an archive. Nothing that the archive says is a name unless the client
   * gave a prefix that asks for it.
   *
   * @param byItsOwn whether its own name may count
   */
  static List<String> ofArchived(
      Descriptor image, List<ImageReference> references, boolean byItsOwn) {
    List<String> names = new ArrayList<>();
    for (ImageReference reference : references) {
      if (!reference.prefix()) {
        continue;
      }
      String own = byItsOwn ? own(image, reference) : "";
      if (!own.isEmpty()) {
        names.add(own);
      }
      if (reference.addDigest() && (own.isEmpty() || !reference.skipNamedDigest())) {
        names.add(reference.name() + "@" + image.digest());
      }
    }
    return names.stream().distinct().toList();
  }

  /** Names for what a client stores under {@code name}, which may be empty, and references. */
  public static List<String> ofTarget(
      String name, Descriptor target, List<ImageReference> references) {
    List<String> names = new ArrayList<>();
    if (!name.isEmpty()) {
      names.add(name);
    }
    for (ImageReference reference : references) {
      if (reference.addDigest()) {
        names.add(reference.name() + "@" + target.digest());
      } else if (!reference.prefix()) {
        names.add(reference.name());
      }
    }
    return names.stream().distinct().toList();
  }

  private static String own(Descriptor image, ImageReference reference) {
    String full = checked(image.annotations().getOrDefault(NAME, ""));
    if (!full.isEmpty()) {
      // A full name counts as it is or not at all.
      return translated(full, reference).equals(full) ? full : "";
    }
    String name = checked(image.annotations().getOrDefault(REF_NAME, ""));
    return name.isEmpty() ? "" : translated(name, reference);
  }

  private static String translated(String name, ImageReference reference) {
    if (reference.name().isEmpty()) {
      return "";
    }
    boolean isTag = name.chars().noneMatch(c -> c == '/' || c == ':' || c == '@');
    if (isTag) {
      return reference.name() + ":" + name;
    }
    return reference.allowOverwrite() || begins(name, reference.name()) ? name : "";
  }

  private static boolean begins(String name, String prefix) {
    return name.startsWith(prefix)
        && (name.length() == prefix.length() || "/:@".indexOf(name.charAt(prefix.length())) >= 0);
  }

  private static String checked(String name) {
    if (name.length() > LIMIT || name.chars().anyMatch(c -> c <= ' ' || c == 127)) {
      String shown = name.substring(0, Math.min(name.length(), 100)).replaceAll("\\p{Cntrl}", "?");
      throw new InvalidArgumentException("image name \"" + shown + "\" is not well-formed");
    }
    return name;
  }
}
