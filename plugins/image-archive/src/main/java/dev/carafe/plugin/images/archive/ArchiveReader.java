package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.plugin.images.archive.Blobs.Stored;
import dev.carafe.plugin.images.archive.TarEntries.Entry;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One archive, in one pass: documents are kept, everything else becomes a blob under whatever name
 * it has, and at the end the documents say which blobs matter. Where both are there, the OCI layout
 * counts and Docker's manifest does not.
 */
final class ArchiveReader {
  static final int JSON_LIMIT = 8 << 20;
  private static final String LAYOUT = "oci-layout";
  private static final String INDEX = "index.json";
  private static final String MANIFESTS = "manifest.json";
  private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  private static final Pattern BLOB = Pattern.compile("blobs/(sha256|sha512)/([0-9a-f]+)");
  private static final int LINKS_LIMIT = 32;

  private final TarEntries entries;
  private final Blobs blobs;
  private final boolean compress;
  private final Map<String, byte[]> documents = new HashMap<>();
  private final Map<String, Stored> stored = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();

  ArchiveReader(TarEntries entries, Blobs blobs, boolean compress) {
    this.entries = entries;
    this.blobs = blobs;
    this.compress = compress;
  }

  Descriptor read() throws IOException {
    for (Entry entry = entries.next(); entry != null; entry = entries.next()) {
      switch (entry.type()) {
        case FILE -> file(entry);
        case SYMLINK, HARD_LINK -> links.put(entry.name(), entry.link());
        case OTHER -> {}
      }
    }
    byte[] layout = documents.get(LAYOUT);
    byte[] manifests = documents.get(MANIFESTS);
    if (layout != null) {
      return layout(layout);
    }
    if (manifests == null) {
      throw new InvalidArgumentException(
          "image archive: has neither " + LAYOUT + " nor " + MANIFESTS);
    }
    return new DockerArchive(this::find, blobs, compress).index(manifests);
  }

  private void file(Entry entry) throws IOException {
    String name = entry.name();
    switch (name) {
      case LAYOUT, INDEX, MANIFESTS -> {
        if (documents.put(name, entries.readAll(name, JSON_LIMIT)) != null) {
          throw new InvalidArgumentException("image archive: has \"" + name + "\" twice");
        }
      }
      // Older forms of what the manifest says.
      case "repositories" -> {}
      default -> {
        if (!name.endsWith("/VERSION")) {
          Matcher blob = BLOB.matcher(name);
          Digest expected = blob.matches() ? new Digest(blob.group(1), blob.group(2)) : null;
          stored.put(
              name, blobs.store(TarEntries.printable(name), entry.size(), expected, entries::read));
          links.remove(name);
        }
      }
    }
  }

  private Descriptor layout(byte[] layout) throws IOException {
    JsonNode version = Json.object(LAYOUT, layout).path("imageLayoutVersion");
    if (!version.asText("").equals("1.0.0")) {
      throw new InvalidArgumentException(
          "image archive: OCI layout of version \""
              + TarEntries.printable(version.asText(""))
              + "\" is not supported");
    }
    byte[] index = documents.get(INDEX);
    if (index == null) {
      throw new InvalidArgumentException("image archive: OCI layout without " + INDEX);
    }
    if (!Json.object(INDEX, index).path("manifests").isArray()) {
      throw new InvalidArgumentException("image archive: " + INDEX + " has no list of manifests");
    }
    return blobs.store(INDEX, index).as(OCI_INDEX);
  }

  /** What a name of the archive stands for; links are followed. */
  Stored find(String path) {
    String name = TarEntries.clean("", path);
    for (int hops = 0; hops < LINKS_LIMIT; hops++) {
      Stored blob = stored.get(name);
      if (blob != null) {
        return blob;
      }
      String target = links.get(name);
      if (target == null) {
        throw new InvalidArgumentException(
            "image archive: \"" + TarEntries.printable(path) + "\" is not in it");
      }
      name = target;
    }
    throw new InvalidArgumentException(
        "image archive: \"" + TarEntries.printable(path) + "\" is a link without end");
  }
}
