package dev.carafe.plugin.images.archive;

import dev.carafe.plugin.images.archive.Blobs.Stored;
import dev.carafe.plugin.images.archive.TarEntries.Entry;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
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
final class ArchiveReader implements Parts {
  static final int JSON_LIMIT = 8 << 20;
  static final String LAYOUT = "oci-layout";
  static final String INDEX = "index.json";
  static final String MANIFESTS = "manifest.json";
  static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  private static final Pattern BLOB = Pattern.compile("blobs/(sha256|sha512)/([0-9a-f]+)");

  private final TarEntries entries;
  private final Blobs blobs;
  private final boolean compress;
  private final Map<String, byte[]> documents = new HashMap<>();
  private final Names<Stored> names = new Names<>();

  ArchiveReader(TarEntries entries, Blobs blobs, boolean compress) {
    this.entries = entries;
    this.blobs = blobs;
    this.compress = compress;
  }

  Descriptor read() throws IOException {
    for (Entry entry = entries.next(); entry != null; entry = entries.next()) {
      switch (entry.type()) {
        case FILE -> file(entry);
        case SYMLINK, HARD_LINK -> names.link(entry.name(), entry.link());
        case OTHER -> {}
      }
    }
    // Whoever sends is to get rid of the rest.
    entries.drain();
    byte[] layout = documents.get(LAYOUT);
    byte[] manifests = documents.get(MANIFESTS);
    if (layout != null) {
      return layout(layout);
    }
    if (manifests == null) {
      throw new InvalidArgumentException(
          "image archive: has neither " + LAYOUT + " nor " + MANIFESTS);
    }
    return new DockerArchive(this).index(manifests);
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
          names.file(
              name, blobs.store(TarEntries.printable(name), entry.size(), expected, entries::read));
        }
      }
    }
  }

  private Descriptor layout(byte[] layout) throws IOException {
    Layout.check(layout);
    byte[] index = documents.get(INDEX);
    if (index == null) {
      throw new InvalidArgumentException("image archive: OCI layout without " + INDEX);
    }
    Layout.manifests(index);
    return blobs.store(INDEX, index).as(OCI_INDEX);
  }

  @Override
  public Stored find(String path) {
    try {
      return names.find(path);
    } catch (NotFoundException e) {
      throw new InvalidArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public Stored store(String name, byte[] bytes) throws IOException {
    return blobs.store(name, bytes);
  }

  @Override
  public byte[] read(Stored part, int limit) {
    return blobs.read(part, limit);
  }

  @Override
  public Packing packing(Stored part) throws IOException {
    return blobs.packing(part);
  }

  @Override
  public Stored kept(String name, Stored plain) throws IOException {
    return compress ? blobs.compressed(name, plain) : plain;
  }
}
