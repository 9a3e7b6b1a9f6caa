package dev.carafe.ctr;

import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes another image of one: other media types, layers packed otherwise, fewer platforms. */
final class ConvertCommand {
  private static final String GC_REF = "containerd.io/gc.ref.content";

  private final Session session;
  private final Arguments arguments;
  private final Map<Digest, Descriptor> layers = new LinkedHashMap<>();

  ConvertCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws IOException {
    if (arguments.has("uncompress") && arguments.has("zstd")) {
      throw new UsageException("--uncompress and --zstd exclude each other");
    }
    Image image = ImageCommands.find(session, arguments.operand(0));
    String name = ImageCommands.fullName(arguments.operand(1));
    var target = image.getTarget();
    Descriptor root =
        new Descriptor(target.getMediaType(), Digest.parse(target.getDigest()), target.getSize());
    try (Leased leased = new Leased(session)) {
      Descriptor converted = document(leased, root);
      store(leased, name, converted);
      session.out().println(converted.digest());
    }
    return 0;
  }

  private void store(Leased leased, String name, Descriptor target) {
    Image image =
        Image.newBuilder()
            .setName(name)
            .setTarget(
                dev.carafe.api.types.Descriptor.newBuilder()
                    .setMediaType(target.mediaType())
                    .setDigest(target.digest().toString())
                    .setSize(target.size()))
            .build();
    try {
      session
          .channel()
          .unary(
              Api.Images.CREATE,
              CreateImageRequest.newBuilder().setImage(image).build(),
              leased.metadata());
    } catch (StatusException e) {
      if (e.code() != StatusException.ALREADY_EXISTS) {
        throw e;
      }
      session
          .channel()
          .unary(
              Api.Images.UPDATE,
              UpdateImageRequest.newBuilder().setImage(image).build(),
              leased.metadata());
    }
  }

  private Descriptor document(Leased leased, Descriptor descriptor) throws IOException {
    byte[] bytes =
        ContentCommands.read(session, descriptor.digest().toString(), ImageDocument.LIMIT);
    JsonObject json = Json.object("document " + descriptor.digest(), bytes);
    return switch (ImageDocument.parse(descriptor, bytes)) {
      case ImageDocument.Index index -> index(leased, descriptor, index, json);
      case ImageDocument.Manifest manifest -> manifest(leased, descriptor, manifest, json);
    };
  }

  private Descriptor index(
      Leased leased, Descriptor descriptor, ImageDocument.Index index, JsonObject json)
      throws IOException {
    List<Descriptor> chosen = chosen(index);
    List<Object> manifests = new ArrayList<>();
    Map<String, String> labels = new LinkedHashMap<>();
    List<JsonObject> old = json.objects("manifests");
    for (int i = 0; i < index.manifests().size(); i++) {
      Descriptor child = index.manifests().get(i);
      boolean document =
          MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType());
      if (!chosen.contains(child) || !document) {
        continue;
      }
      Descriptor converted = document(leased, child);
      labels.put(GC_REF + ".m." + manifests.size(), converted.digest().toString());
      manifests.add(replaced(old.get(i).members(), converted));
    }
    return write(leased, type(descriptor.mediaType()), with(json, "manifests", manifests), labels);
  }

  private List<Descriptor> chosen(ImageDocument.Index index) {
    List<String> wanted = arguments.values("platform");
    if (arguments.has("all-platforms")) {
      return index.manifests();
    }
    List<Descriptor> chosen =
        (wanted.isEmpty()
                ? List.of(Platforms.host())
                : wanted.stream().map(Platforms::parse).toList())
            .stream()
                .flatMap(platform -> Platforms.choose(platform, index.manifests()).stream())
                .toList();
    if (chosen.isEmpty()) {
      throw new StatusException(
          StatusException.NOT_FOUND, "image " + arguments.operand(0) + ": no such platform");
    }
    return chosen;
  }

  private Descriptor manifest(
      Leased leased, Descriptor descriptor, ImageDocument.Manifest manifest, JsonObject json)
      throws IOException {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put(GC_REF + ".config", manifest.config().digest().toString());
    List<Object> converted = new ArrayList<>();
    List<JsonObject> old = json.objects("layers");
    for (int i = 0; i < manifest.layers().size(); i++) {
      Descriptor layer = layer(leased, manifest.layers().get(i));
      labels.put(GC_REF + ".l." + i, layer.digest().toString());
      converted.add(replaced(old.get(i).members(), layer));
    }
    Descriptor config = manifest.config();
    Map<String, Object> members = with(json, "layers", converted);
    members.put(
        "config",
        replaced(
            json.object("config").members(),
            new Descriptor(type(config.mediaType()), config.digest(), config.size())));
    return write(leased, type(descriptor.mediaType()), members, labels);
  }

  private Descriptor layer(Leased leased, Descriptor layer) throws IOException {
    String mediaType = layer.mediaType();
    Packing packed = Packing.of(mediaType);
    Packing wanted =
        arguments.has("uncompress") ? Packing.NONE : arguments.has("zstd") ? Packing.ZSTD : packed;
    if (packed == wanted || !MediaTypes.isLayer(mediaType)) {
      return new Descriptor(type(mediaType), layer.digest(), layer.size());
    }
    Descriptor known = layers.get(layer.digest());
    if (known == null) {
      try (InputStream in = wanted.pack(packed.unpack(leased.read(layer.digest())))) {
        known = leased.write(type(wanted.mediaType(mediaType)), in, Map.of());
      }
      layers.put(layer.digest(), known);
    }
    return known;
  }

  /**
   * The OCI type that a Docker type corresponds to, if that is wanted: Docker has none for zstd.
   */
  private String type(String mediaType) {
    if (!arguments.has("oci") && !arguments.has("zstd")) {
      return mediaType;
    }
    return switch (mediaType) {
      case MediaTypes.DOCKER_INDEX -> MediaTypes.OCI_INDEX;
      case MediaTypes.DOCKER_MANIFEST -> MediaTypes.OCI_MANIFEST;
      case MediaTypes.DOCKER_CONFIG -> MediaTypes.OCI_CONFIG;
      default ->
          mediaType.startsWith(MediaTypes.DOCKER_LAYER)
              ? Packing.of(mediaType).mediaType(MediaTypes.OCI_LAYER)
              : mediaType;
    };
  }

  private static Map<String, Object> with(JsonObject json, String name, Object value) {
    Map<String, Object> members = new LinkedHashMap<>(json.members());
    members.put(name, value);
    return members;
  }

  private static Map<String, Object> replaced(Map<String, Object> members, Descriptor descriptor) {
    Map<String, Object> replaced = new LinkedHashMap<>(members);
    replaced.put("mediaType", descriptor.mediaType());
    replaced.put("digest", descriptor.digest().toString());
    replaced.put("size", descriptor.size());
    return replaced;
  }

  private static Descriptor write(
      Leased leased, String mediaType, Map<String, Object> members, Map<String, String> labels)
      throws IOException {
    if (members.containsKey("mediaType")) {
      members.put("mediaType", mediaType);
    }
    return leased.write(mediaType, new ByteArrayInputStream(Json.bytes(members)), labels);
  }
}
