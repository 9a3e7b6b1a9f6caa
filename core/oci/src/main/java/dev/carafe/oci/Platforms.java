package dev.carafe.oci;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Names and choice of platforms, with Go's names for architectures. */
public final class Platforms {
  private Platforms() {}

  /** What this machine runs. */
  public static Platform host() {
    return normalize(
        new Platform("linux", System.getProperty("os.arch", "").toLowerCase(Locale.ROOT), ""));
  }

  /**
   * Reads {@code OS[/ARCH[/VARIANT]]} or {@code ARCH}.
   *
   * @throws InvalidArgumentException if it is not of that form
   */
  public static Platform parse(String text) {
    String[] parts = text.split("/", -1);
    for (String part : parts) {
      if (!part.matches("[A-Za-z0-9_.-]{1,64}")) {
        throw new InvalidArgumentException(
            "platform \"" + text + "\" is not of the form OS[/ARCH[/VARIANT]]");
      }
    }
    Platform host = host();
    return switch (parts.length) {
      case 1 ->
          normalize(
              parts[0].equalsIgnoreCase("linux")
                  ? new Platform("linux", host.architecture(), host.variant())
                  : new Platform("linux", parts[0], ""));
      case 2 -> normalize(new Platform(parts[0], parts[1], ""));
      case 3 -> normalize(new Platform(parts[0], parts[1], parts[2]));
      default ->
          throw new InvalidArgumentException(
              "platform \"" + text + "\" is not of the form OS[/ARCH[/VARIANT]]");
    };
  }

  /** Go's names; a variant that says nothing is dropped, one that is understood is filled in. */
  public static Platform normalize(Platform platform) {
    String os = platform.os().toLowerCase(Locale.ROOT);
    String variant = platform.variant().toLowerCase(Locale.ROOT);
    String architecture = platform.architecture().toLowerCase(Locale.ROOT);
    switch (architecture) {
      case "x86_64", "x86-64", "amd64" -> {
        architecture = "amd64";
        variant = variant.equals("v1") ? "" : variant;
      }
      case "aarch64", "arm64" -> {
        architecture = "arm64";
        variant = variant.equals("v8") || variant.equals("8") ? "" : variant;
      }
      case "i386", "x86" -> architecture = "386";
      case "armhf" -> {
        architecture = "arm";
        variant = "v7";
      }
      case "armel" -> {
        architecture = "arm";
        variant = "v6";
      }
      case "arm" ->
          variant = variant.isEmpty() ? "v7" : variant.startsWith("v") ? variant : "v" + variant;
      default -> {}
    }
    return new Platform(os, architecture, variant, platform.osVersion(), platform.osFeatures());
  }

  /**
   * Whether an image for {@code offered} runs where {@code wanted} is asked for; a lower variant
   * does.
   */
  public static boolean matches(Platform wanted, Platform offered) {
    Platform want = normalize(wanted);
    Platform have = normalize(offered);
    return want.os().equals(have.os())
        && want.architecture().equals(have.architecture())
        && rank(have.variant()) <= rank(want.variant());
  }

  /**
   * The manifest that suits best: highest variant that still runs; one without a platform only
   * where no other suits.
   */
  public static Optional<Descriptor> choose(Platform wanted, List<Descriptor> manifests) {
    Optional<Descriptor> best =
        manifests.stream()
            .filter(manifest -> manifest.platform() != null && matches(wanted, manifest.platform()))
            .max(Comparator.comparingInt(Platforms::rank));
    return best.isPresent()
        ? best
        : manifests.stream()
            .filter(manifest ->
                manifest.platform() == null && MediaTypes.isManifest(manifest.mediaType()))
            .findFirst();
  }

  private static int rank(Descriptor manifest) {
    Platform platform = manifest.platform();
    return platform == null ? 0 : rank(normalize(platform).variant());
  }

  private static int rank(String variant) {
    return variant.length() > 1 && variant.charAt(0) == 'v' && Character.isDigit(variant.charAt(1))
        ? variant.charAt(1) - '0'
        : 0;
  }
}
