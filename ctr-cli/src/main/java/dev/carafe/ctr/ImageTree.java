package dev.carafe.ctr;

import dev.carafe.api.services.images.v1.Image;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image refers to, as far as it is here.
 *
 * @param present whether the blob is here
 * @param children of an index or manifest that is here
 */
record ImageTree(Descriptor descriptor, boolean present, List<ImageTree> children) {
  private static final int MAX_DEPTH = 4;

  static ImageTree of(Session session, Image image) {
    var target = image.getTarget();
    Descriptor root =
        new Descriptor(
            target.getMediaType(),
            Digest.parse(target.getDigest()),
            target.getSize(),
            target.getAnnotationsMap());
    return of(session, root, 0);
  }

  private static ImageTree of(Session session, Descriptor descriptor, int depth) {
    boolean present = Leased.size(session, descriptor.digest()) >= 0;
    boolean document =
        MediaTypes.isIndex(descriptor.mediaType()) || MediaTypes.isManifest(descriptor.mediaType());
    List<ImageTree> children = new ArrayList<>();
    if (present && document && depth < MAX_DEPTH) {
      byte[] bytes =
          ContentCommands.read(session, descriptor.digest().toString(), ImageDocument.LIMIT);
      for (Descriptor child : ImageDocument.parse(descriptor, bytes).children()) {
        children.add(of(session, child, depth + 1));
      }
    }
    return new ImageTree(descriptor, present, children);
  }

  /** All blobs, each once. */
  Map<Digest, ImageTree> blobs() {
    Map<Digest, ImageTree> blobs = new LinkedHashMap<>();
    collect(blobs);
    return blobs;
  }

  private void collect(Map<Digest, ImageTree> blobs) {
    if (blobs.putIfAbsent(descriptor.digest(), this) == null) {
      children.forEach(child -> child.collect(blobs));
    }
  }

  /** One line for each, drawn as a tree. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    var platform = descriptor.platform();
    lines.add(
        descriptor.mediaType()
            + " "
            + descriptor.digest()
            + " ("
            + Text.size(descriptor.size())
            + ")"
            + (platform == null ? "" : " " + platform)
            + (present ? "" : " [not here]"));
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      List<String> below = children.get(i).lines();
      lines.add((last ? "└── " : "├── ") + below.getFirst());
      for (String line : below.subList(1, below.size())) {
        lines.add((last ? "    " : "│   ") + line);
      }
    }
    return lines;
  }

  Map<String, Object> json() {
    Map<String, Object> object =
        Text.object(
            "media_type", descriptor.mediaType(),
            "digest", descriptor.digest().toString(),
            "size", descriptor.size(),
            "present", present);
    if (descriptor.platform() != null) {
      object.put("platform", descriptor.platform().toString());
    }
    if (!descriptor.annotations().isEmpty()) {
      object.put("annotations", descriptor.annotations());
    }
    if (!children.isEmpty()) {
      object.put("children", children.stream().map(ImageTree::json).toList());
    }
    return object;
  }
}
