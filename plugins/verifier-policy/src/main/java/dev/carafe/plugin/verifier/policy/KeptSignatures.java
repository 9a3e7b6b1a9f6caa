package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signatures that counted once, one file for each kind, name and manifest: so that a container can
 * be made of an image while its registry is away, or wants credentials that only the pull had. They
 * are judged anew each time, by the policy and the keys of that time. What is damaged or gone is
 * fetched again.
 */
final class KeptSignatures {
  private static final Logger LOG = LoggerFactory.getLogger(KeptSignatures.class);
  private static final int MOST = 4096;
  private static final JsonMapper JSON = new JsonMapper();

  private final Path directory;
  private final int most;

  KeptSignatures(Path directory) {
    this(directory, MOST);
  }

  KeptSignatures(Path directory, int most) {
    this.directory = directory;
    this.most = most;
  }

  /**
   * A signature and what it is of.
   *
   * @param signature empty where it is inside the payload
   */
  record Signature(byte[] payload, byte[] signature) {}

  Optional<Signature> find(String kind, ImageName name, Digest manifest) {
    Path file = file(kind, name, manifest);
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    try {
      Signature kept = JSON.readValue(Bounded.file(file, 4 * Bounded.SIGNATURE), Signature.class);
      return Optional.ofNullable(kept).filter(one -> one.payload != null && one.signature != null);
    } catch (IOException | PolicyException e) {
      LOG.warn("{}: cannot be used: {}", file, e.toString());
      return Optional.empty();
    }
  }

  /** Keeps it in the place of an earlier one; where that fails it is not kept. */
  void keep(String kind, ImageName name, Digest manifest, Signature signature) {
    Path file = file(kind, name, manifest);
    @Nullable Path part = null;
    try {
      Files.createDirectories(directory);
      part = Files.createTempFile(directory, "part", "");
      Files.write(part, JSON.writeValueAsBytes(signature));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      part = null;
      removeOldest();
    } catch (IOException e) {
      LOG.warn("signature of \"{}\" cannot be kept: {}", name, e.toString());
    } finally {
      remove(part);
    }
  }

  private void removeOldest() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> all = files.toList();
      if (all.size() > most) {
        all.stream()
            .sorted(Comparator.comparing(KeptSignatures::written))
            .limit(all.size() - most)
            .forEach(KeptSignatures::remove);
      }
    }
  }

  private static FileTime written(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException _) {
      return FileTime.fromMillis(0);
    }
  }

  private static void remove(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.warn("{}: not removed: {}", file, e.toString());
    }
  }

  private Path file(String kind, ImageName name, Digest manifest) {
    return directory.resolve(Digest.of((kind + " " + name + " " + manifest).getBytes(UTF_8)).hex());
  }
}
