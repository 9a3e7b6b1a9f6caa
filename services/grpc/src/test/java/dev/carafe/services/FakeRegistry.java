package dev.carafe.services;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.engine.pull.ImageFormats;
import dev.carafe.engine.pull.ImageSources;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.testkit.images.TextImageFormat;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Images in memory; each test says what goes wrong. */
final class FakeRegistry implements ImageSource {
  /** What is done instead of sending a blob's bytes from an offset on. */
  interface Fault {
    @Nullable InputStream send(Descriptor blob, long offset, byte[] bytes);
  }

  private final Map<Digest, byte[]> blobs = new ConcurrentHashMap<>();
  private final Map<String, Descriptor> names = new ConcurrentHashMap<>();
  private final List<String> sent = new CopyOnWriteArrayList<>();
  private volatile Fault fault = (_, _, _) -> null;

  void fault(Fault next) {
    fault = next;
  }

  /** What was asked for since the last call: {@code CONTENT@OFFSET}, in any order. */
  List<String> sent() {
    List<String> all = new ArrayList<>(sent);
    sent.clear();
    return all;
  }

  ImageSources sources() {
    return new ImageSources(Map.of("fake", this));
  }

  /** What the daemon keeps, and a foreign one. */
  ImageFormats formats() {
    return new ImageFormats(Map.of("kept", new KeptFormat(), "text", new TextImageFormat()));
  }

  void name(String name, Descriptor target) {
    names.put(name, target);
  }

  Descriptor blob(String mediaType, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    Digest digest = Digest.of(bytes);
    blobs.put(digest, bytes);
    return new Descriptor(mediaType, digest, bytes.length);
  }

  /** A layer whose archive is this text. */
  Descriptor layer(String text) {
    return blob(MediaTypes.OCI_LAYER, text);
  }

  /** An image of these layers. */
  Descriptor image(Platform platform, String... layers) {
    List<Descriptor> all = Arrays.stream(layers).map(this::layer).toList();
    String diffIds =
        all.stream().map(layer -> "\"" + layer.digest() + "\"").collect(Collectors.joining(","));
    Descriptor config =
        blob(
            MediaTypes.OCI_CONFIG,
            "{\"os\":\"%s\",\"architecture\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
                .formatted(platform.os(), platform.architecture(), diffIds));
    Descriptor manifest =
        blob(
            MediaTypes.OCI_MANIFEST,
            "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
                .formatted(
                    json(config),
                    all.stream().map(FakeRegistry::json).collect(Collectors.joining(","))));
    return new Descriptor(
        manifest.mediaType(),
        manifest.digest(),
        manifest.size(),
        Map.of(),
        platform,
        "",
        List.of());
  }

  Descriptor index(Descriptor... manifests) {
    return blob(
        MediaTypes.OCI_INDEX,
        "{\"schemaVersion\":2,\"manifests\":[%s]}"
            .formatted(
                Arrays.stream(manifests).map(FakeRegistry::json).collect(Collectors.joining(","))));
  }

  private static String json(Descriptor descriptor) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("mediaType", "\"" + descriptor.mediaType() + "\"");
    fields.put("digest", "\"" + descriptor.digest() + "\"");
    fields.put("size", "" + descriptor.size());
    Platform platform = descriptor.platform();
    if (platform != null) {
      fields.put(
          "platform",
          "{\"os\":\"%s\",\"architecture\":\"%s\"}"
              .formatted(platform.os(), platform.architecture()));
    }
    return fields.entrySet().stream()
        .map(field -> "\"" + field.getKey() + "\":" + field.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }

  @Override
  public Repository open(ImageLocation name, SourceOptions options) {
    Descriptor target = names.get(name.toString());
    if (target == null) {
      throw new NotFoundException(name + ": not found");
    }
    return new Opened(target);
  }

  private final class Opened implements Repository {
    private final Descriptor target;

    Opened(Descriptor target) {
      this.target = target;
    }

    @Override
    public Descriptor target() {
      return target;
    }

    @Override
    public InputStream fetch(Descriptor descriptor, long offset) {
      byte[] bytes = blobs.get(descriptor.digest());
      if (bytes == null) {
        throw new NotFoundException("blob " + descriptor.digest() + ": not found");
      }
      sent.add(new String(bytes, UTF_8) + "@" + offset);
      InputStream other = fault.send(descriptor, offset, bytes);
      return other != null
          ? other
          : new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
    }

    @Override
    public void close() {}
  }
}
