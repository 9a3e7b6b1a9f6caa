package dev.carafe.spi.content;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A reference to a blob: what it is, its name and its size (OCI image specification, "Content
 * Descriptors"). The {@code data} field is not kept, {@code urls} are kept and never followed.
 *
 * @param size bytes, 0 or more
 */
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Map<String, String> annotations,
    @Nullable Platform platform,
    String artifactType,
    List<String> urls) {
  public Descriptor {
    if (size < 0) {
      throw new InvalidArgumentException(
          "descriptor of " + digest + ": size " + size + " is negative");
    }
    annotations = Map.copyOf(annotations);
    urls = List.copyOf(urls);
  }

  public Descriptor(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, Map.of(), null, "", List.of());
  }

  public Descriptor(String mediaType, Digest digest, long size, Map<String, String> annotations) {
    this(mediaType, digest, size, annotations, null, "", List.of());
  }
}
