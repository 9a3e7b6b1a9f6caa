package dev.carafe.spi.content;

import java.util.List;

/**
 * What an image runs on (OCI image index, "platform"). Empty strings mean "not said".
 *
 * @param os for example {@code linux}
 * @param architecture Go's name, for example {@code amd64}
 * @param variant for example {@code v8}
 */
public record Platform(
    String os, String architecture, String variant, String osVersion, List<String> osFeatures) {
  public Platform {
    osFeatures = List.copyOf(osFeatures);
  }

  public Platform(String os, String architecture, String variant) {
    this(os, architecture, variant, "", List.of());
  }

  @Override
  public String toString() {
    return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
  }
}
