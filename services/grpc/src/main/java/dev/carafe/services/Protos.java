package dev.carafe.services;

import com.google.protobuf.Timestamp;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import dev.carafe.api.types.Platform;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Between protobuf messages and records that several services share. */
final class Protos {
  private Protos() {}

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  static Instant instant(Timestamp timestamp) {
    try {
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (java.time.DateTimeException | ArithmeticException e) {
      throw new InvalidArgumentException("timestamp is out of range", e);
    }
  }

  static Mount mount(dev.carafe.spi.mounts.Mount mount) {
    return Mount.newBuilder()
        .setType(mount.type())
        .setSource(mount.source())
        .setTarget(mount.target())
        .addAllOptions(mount.options())
        .build();
  }

  static List<Mount> mounts(List<dev.carafe.spi.mounts.Mount> mounts) {
    return mounts.stream().map(Protos::mount).toList();
  }

  static List<dev.carafe.spi.mounts.Mount> fromMounts(List<Mount> mounts) {
    return mounts.stream()
        .map(m ->
            new dev.carafe.spi.mounts.Mount(
                m.getType(), m.getSource(), m.getTarget(), m.getOptionsList()))
        .toList();
  }

  static Descriptor descriptor(dev.carafe.spi.content.Descriptor descriptor) {
    return Descriptor.newBuilder()
        .setMediaType(descriptor.mediaType())
        .setDigest(descriptor.digest().toString())
        .setSize(descriptor.size())
        .putAllAnnotations(descriptor.annotations())
        .build();
  }

  /** Checks what containerd checks: the digest parses. */
  static dev.carafe.spi.content.Descriptor descriptor(Descriptor descriptor) {
    return new dev.carafe.spi.content.Descriptor(
        descriptor.getMediaType(),
        Digest.parse(descriptor.getDigest()),
        descriptor.getSize(),
        descriptor.getAnnotationsMap());
  }

  static Platform platform(dev.carafe.spi.content.Platform platform) {
    return Platform.newBuilder()
        .setOs(platform.os())
        .setArchitecture(platform.architecture())
        .setVariant(platform.variant())
        .setOsVersion(platform.osVersion())
        .addAllOsFeatures(platform.osFeatures())
        .build();
  }

  static dev.carafe.spi.content.Platform platform(Platform platform) {
    return new dev.carafe.spi.content.Platform(
        platform.getOs(),
        platform.getArchitecture(),
        platform.getVariant(),
        platform.getOsVersion(),
        platform.getOsFeaturesList());
  }

  static @Nullable Digest digestOrNull(String text) {
    return text.isEmpty() ? null : Digest.parse(text);
  }
}
