package dev.carafe.spi.images;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The full name of an image at a registry: {@code HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]} (OCI
 * distribution specification, "Pulling manifests"). Short names as people type them become full
 * ones by {@link #normalize}.
 *
 * @param host with port where given
 * @param repository path below the host, lower case
 * @param tag or empty
 */
public record ImageName(String host, String repository, String tag, @Nullable Digest digest)
    implements ImageLocation {
  /** Registries, as containers-transports(5) calls them. */
  public static final String TRANSPORT = "docker";

  private static final int REPOSITORY_LIMIT = 255;
  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})|\\[[0-9a-fA-F:]{2,45}])(?::[0-9]{1,5})?");
  private static final Pattern COMPONENT =
      Pattern.compile("[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

  public ImageName {
    if (!HOST.matcher(host).matches()) {
      throw new InvalidArgumentException(
          "image name: host \"" + cut(host) + "\" is not well-formed");
    }
    if (repository.isEmpty() || repository.length() > REPOSITORY_LIMIT) {
      throw new InvalidArgumentException(
          "image name: repository \"" + cut(repository) + "\" has not 1 to 255 characters");
    }
    for (String component : repository.split("/", -1)) {
      if (!COMPONENT.matcher(component).matches()) {
        throw new InvalidArgumentException(
            "image name: repository \"" + cut(repository) + "\" is not well-formed");
      }
    }
    if (!tag.isEmpty() && !TAG.matcher(tag).matches()) {
      throw new InvalidArgumentException("image name: tag \"" + cut(tag) + "\" is not well-formed");
    }
  }

  /**
   * Reads a full name.
   *
   * @throws InvalidArgumentException if it is not one; in particular if it names no host
   */
  public static ImageName parse(String text) {
    if (text.length() > 1024) {
      throw new InvalidArgumentException("image name is longer than 1024 characters");
    }
    int slash = text.indexOf('/');
    if (slash <= 0) {
      throw new InvalidArgumentException("image name \"" + cut(text) + "\" names no registry host");
    }
    String host = text.substring(0, slash);
    String rest = text.substring(slash + 1);
    Digest digest = null;
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Digest.parse(rest.substring(at + 1));
      rest = rest.substring(0, at);
    }
    String tag = "";
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
      if (tag.isEmpty()) {
        throw new InvalidArgumentException("image name \"" + cut(text) + "\": tag is empty");
      }
    }
    return new ImageName(host, rest, tag, digest);
  }

  /**
   * The full name for what a person typed, as Docker reads it: no host means {@code docker.io}, no
   * user there means {@code library}, no tag and digest means {@code latest}.
   */
  public static ImageName normalize(String text) {
    int slash = text.indexOf('/');
    String first = slash < 0 ? "" : text.substring(0, slash);
    boolean hasHost =
        first.indexOf('.') >= 0
            || first.indexOf(':') >= 0
            || first.equals("localhost")
            || !first.toLowerCase(java.util.Locale.ROOT).equals(first);
    String full = hasHost ? text : "docker.io/" + (slash < 0 ? "library/" : "") + text;
    ImageName name = parse(full);
    return name.tag.isEmpty() && name.digest == null
        ? new ImageName(name.host, name.repository, "latest", null)
        : name;
  }

  /** The tag or digest to ask the registry for: the digest where there is one. */
  public String reference() {
    return digest != null ? digest.toString() : tag.isEmpty() ? "latest" : tag;
  }

  @Override
  public String transport() {
    return TRANSPORT;
  }

  @Override
  public String toString() {
    return host
        + "/"
        + repository
        + (tag.isEmpty() ? "" : ":" + tag)
        + (digest == null ? "" : "@" + digest);
  }

  private static String cut(String text) {
    Matcher control =
        Pattern.compile("\\p{Cntrl}")
            .matcher(text.length() > 200 ? text.substring(0, 200) + "..." : text);
    return control.replaceAll("?");
  }
}
