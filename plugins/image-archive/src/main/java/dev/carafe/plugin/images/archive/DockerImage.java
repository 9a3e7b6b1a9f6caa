package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.plugin.images.archive.Blobs.Stored;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageSource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An image of an archive as {@code docker save} wrote them first. Such a one has no manifest and no
 * digests: both are made when it is opened, and its bytes are read where they are.
 */
final class DockerImage implements ImageSource.Repository, Parts {
  private static final int CHUNK = 128 << 10;

  private final TarFile archive;
  private final ImageFile file;
  private final Map<TarFile.Place, Stored> hashed = new HashMap<>();
  private final Map<Digest, TarFile.Place> places = new HashMap<>();
  private final Map<Digest, byte[]> made = new HashMap<>();
  private final Descriptor target;

  /** Takes the archive over, if this succeeds. */
  DockerImage(TarFile archive, ImageFile file) throws IOException {
    this.archive = archive;
    this.file = file;
    byte[] document = LayoutImage.document(archive, ArchiveReader.MANIFESTS);
    List<Layout.Choice> choices = new ArrayList<>();
    for (JsonNode image : DockerArchive.images(document)) {
      List<String> tags = new ArrayList<>();
      image.path("RepoTags").forEach(tag -> tags.add(tag.asText("")));
      choices.add(new Layout.Choice(image, tags));
    }
    JsonNode manifest = new DockerArchive(this).document(Layout.choose(choices, file));
    this.target = store("manifest", Json.bytes(manifest)).as(DockerArchive.MANIFEST);
  }

  @Override
  public Stored find(String path) throws IOException {
    TarFile.Place place;
    try {
      place = archive.find(path);
    } catch (NotFoundException e) {
      throw new InvalidArgumentException("\"" + file + "\": " + e.getMessage(), e);
    }
    Stored known = hashed.get(place);
    if (known == null) {
      known = new Stored(hash(place), place.size());
      hashed.put(place, known);
      places.put(known.digest(), place);
    }
    return known;
  }

  private Digest hash(TarFile.Place place) throws IOException {
    MessageDigest hash = Digest.hasher("sha256");
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = archive.open(place, 0)) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        hash.update(chunk, 0, count);
      }
    }
    return Digest.finish("sha256", hash.digest());
  }

  @Override
  public Stored store(String name, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    made.put(digest, bytes);
    return new Stored(digest, bytes.length);
  }

  @Override
  public byte[] read(Stored part, int limit) throws IOException {
    if (part.size() > limit) {
      throw new ResourceExhaustedException(
          "\"" + file + "\": " + part.digest() + " has more than " + limit + " bytes");
    }
    try (InputStream in = open(part.digest(), 0)) {
      return in.readNBytes(limit);
    }
  }

  @Override
  public Packing packing(Stored part) throws IOException {
    try (InputStream in = open(part.digest(), 0)) {
      return Packing.of(in.readNBytes(4));
    }
  }

  /** As it is: what does not leave the machine need not be small. */
  @Override
  public Stored kept(String name, Stored plain) {
    return plain;
  }

  private InputStream open(Digest digest, long offset) {
    byte @Nullable [] bytes = made.get(digest);
    if (bytes != null) {
      return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
    }
    TarFile.Place place = places.get(digest);
    if (place == null) {
      throw new NotFoundException("\"" + file + "\": " + digest + " is not in it");
    }
    return archive.open(place, offset);
  }

  @Override
  public Descriptor target() {
    return target;
  }

  @Override
  public InputStream fetch(Descriptor descriptor, long offset) {
    if (offset < 0 || offset > descriptor.size()) {
      throw new OutOfRangeException(
          "\"" + file + "\": " + descriptor.digest() + ": offset " + offset + " is outside of it");
    }
    return open(descriptor.digest(), offset);
  }

  @Override
  public void close() {
    archive.close();
  }
}
