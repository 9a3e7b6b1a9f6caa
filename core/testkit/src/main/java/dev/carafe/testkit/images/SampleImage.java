package dev.carafe.testkit.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageSource;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An OCI image in memory, for a place that a check fills.
 *
 * @param blobs all of them by digest, the manifest included
 */
public record SampleImage(
    Descriptor manifest, Descriptor config, List<Descriptor> layers, Map<Digest, byte[]> blobs) {
  private static final String OCI = "application/vnd.oci.image.";

  public SampleImage {
    layers = List.copyOf(layers);
    blobs = Map.copyOf(blobs);
  }

  /** An image of layers that are no archives, but that nobody could compress either. */
  public static SampleImage of(int seed, int... layerSizes) {
    Map<Digest, byte[]> blobs = new LinkedHashMap<>();
    List<Descriptor> layers = new ArrayList<>();
    List<String> diffIds = new ArrayList<>();
    for (int size : layerSizes) {
      byte[] bytes = new byte[size];
      new Random(seed * 31L + layers.size()).nextBytes(bytes);
      bytes[0] = 0;
      layers.add(blob(blobs, OCI + "layer.v1.tar", bytes));
      diffIds.add("\"" + Digest.of(bytes) + "\"");
    }
    String rootfs = "{\"type\":\"layers\",\"diff_ids\":[" + String.join(",", diffIds) + "]}";
    Descriptor config =
        blob(
            blobs,
            OCI + "config.v1+json",
            ("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":" + rootfs + "}")
                .getBytes(UTF_8));
    String list = String.join(",", layers.stream().map(SampleImage::json).toList());
    Descriptor manifest =
        blob(
            blobs,
            OCI + "manifest.v1+json",
            ("{\"schemaVersion\":2,\"mediaType\":\""
                    + OCI
                    + "manifest.v1+json\",\"config\":"
                    + json(config)
                    + ",\"layers\":["
                    + list
                    + "]}")
                .getBytes(UTF_8));
    return new SampleImage(manifest, config, layers, blobs);
  }

  private static Descriptor blob(Map<Digest, byte[]> blobs, String mediaType, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    blobs.put(digest, bytes);
    return new Descriptor(mediaType, digest, bytes.length);
  }

  /** A descriptor as documents have it. */
  public static String json(Descriptor descriptor) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(descriptor.mediaType(), descriptor.digest(), descriptor.size());
  }

  /** The bytes of one of its blobs. */
  public byte[] bytes(Descriptor blob) {
    byte[] bytes = blobs.get(blob.digest());
    if (bytes == null) {
      throw new NotFoundException("blob " + blob.digest() + ": not found");
    }
    return bytes;
  }

  /** The image as a source that has nothing else. */
  public ImageSource.Repository repository() {
    return repository(manifest, blobs);
  }

  static ImageSource.Repository repository(Descriptor target, Map<Digest, byte[]> blobs) {
    return new ImageSource.Repository() {
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
        return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
      }

      @Override
      public void close() {}
    };
  }
}
