package dev.carafe.oci;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an image's target is: an index of images, or one image (OCI image specification, "Image
 * Index", "Image Manifest"; Docker manifest list and manifest, version 2 schema 2).
 */
public sealed interface ImageDocument {
  /** The largest index or manifest that is read, in bytes. */
  int LIMIT = 8 << 20;

  /** The largest number of manifests in an index, or layers in a manifest. */
  int MAX_CHILDREN = 10_000;

  /** The blobs that it names, in its order. */
  List<Descriptor> children();

  /** Several images, usually one for each platform. */
  record Index(List<Descriptor> manifests) implements ImageDocument {
    public Index {
      manifests = List.copyOf(manifests);
    }

    @Override
    public List<Descriptor> children() {
      return manifests;
    }
  }

  /** One image. */
  record Manifest(Descriptor config, List<Descriptor> layers) implements ImageDocument {
    public Manifest {
      layers = List.copyOf(layers);
    }

    @Override
    public List<Descriptor> children() {
      List<Descriptor> children = new ArrayList<>(layers.size() + 1);
      children.add(config);
      children.addAll(layers);
      return children;
    }
  }

  /**
   * Reads a document of the type that its descriptor claims.
   *
   * @throws InvalidArgumentException if it is not one, in particular if it could be read as both
   *     (CVE-2021-41190)
   */
  static ImageDocument parse(Descriptor descriptor, byte[] bytes) {
    JsonObject document = Json.object(what(descriptor), bytes);
    String claimed = descriptor.mediaType();
    String own = document.text("mediaType");
    if (!own.isEmpty() && !own.equals(claimed)) {
      throw new InvalidArgumentException(
          what(descriptor) + ": says that it is " + own + ", but was announced as " + claimed);
    }
    boolean index = document.has("manifests");
    boolean manifest = document.has("config") || document.has("layers") || document.has("fsLayers");
    if (index && manifest) {
      throw new InvalidArgumentException(what(descriptor) + ": is index and manifest at once");
    }
    if (MediaTypes.isIndex(claimed)) {
      if (manifest) {
        throw new InvalidArgumentException(
            what(descriptor) + ": is a manifest, but was announced as " + claimed);
      }
      return new Index(descriptors(document, "manifests"));
    }
    if (MediaTypes.isManifest(claimed)) {
      if (!document.has("config")) {
        throw new InvalidArgumentException(what(descriptor) + ": manifest has no config");
      }
      return new Manifest(descriptor(document.object("config")), descriptors(document, "layers"));
    }
    throw new InvalidArgumentException(
        what(descriptor) + ": media type " + claimed + " is neither index nor manifest");
  }

  private static String what(Descriptor descriptor) {
    return (MediaTypes.isIndex(descriptor.mediaType()) ? "index " : "manifest ")
        + descriptor.digest();
  }

  private static List<Descriptor> descriptors(JsonObject document, String name) {
    List<JsonObject> objects = document.objects(name);
    if (objects.size() > MAX_CHILDREN) {
      throw new InvalidArgumentException(
          document.path() + "." + name + " has more than " + MAX_CHILDREN + " entries");
    }
    return objects.stream().map(ImageDocument::descriptor).toList();
  }

  private static Descriptor descriptor(JsonObject object) {
    return new Descriptor(
        object.text("mediaType"),
        Digest.parse(object.text("digest")),
        object.number("size", 0),
        object.textMap("annotations"),
        platform(object),
        object.text("artifactType"),
        object.texts("urls"));
  }

  private static @Nullable Platform platform(JsonObject object) {
    if (!object.has("platform")) {
      return null;
    }
    JsonObject platform = object.object("platform");
    return new Platform(
        platform.text("os"),
        platform.text("architecture"),
        platform.text("variant"),
        platform.text("os.version"),
        platform.texts("os.features"));
  }
}
