package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A policy, a place of signatures and an image. */
final class Stage {
  static final Digest DIGEST = Digest.of("the image".getBytes(UTF_8));
  static final Descriptor TARGET =
      new Descriptor("application/vnd.oci.image.index.v1+json", DIGEST, 9);
  static final ImageName NAME = ImageName.parse("registry.example/some/image:tag");

  final Path directory;
  private int verifiers;

  Stage(Path directory) {
    this.directory = directory;
    write("registries.d/all.yaml", "default-docker:\n  lookaside: file://" + lookaside() + "\n");
  }

  Path lookaside() {
    return directory.resolve("lookaside");
  }

  Stage policy(String json) {
    return write("policy.json", json.replace('\'', '"').replace("$D", directory.toString()));
  }

  Stage write(String file, String text) {
    return write(file, text.getBytes(UTF_8));
  }

  Stage write(String file, byte[] bytes) {
    Path path = directory.resolve(file);
    try {
      Files.createDirectories(path.getParent());
      Files.write(path, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /**
   * Puts the N-th signature of {@link #DIGEST} in the repository {@link #NAME} where it belongs.
   */
  Stage signature(int number, byte[] message) {
    return write(
        "lookaside/some/image@" + DIGEST.toString().replace(':', '=') + "/signature-" + number,
        message);
  }

  PolicyConfig config() {
    return new PolicyConfig(
        directory.resolve("policy.json"),
        directory.resolve("registries.d"),
        Duration.ofSeconds(20));
  }

  PolicyVerifier verifier() {
    return verifier(null);
  }

  /** One that has seen no signature yet. */
  PolicyVerifier verifier(@Nullable ImageSource source) {
    return verifier(source, directory.resolve("kept-" + ++verifiers));
  }

  PolicyVerifier verifier(@Nullable ImageSource source, Path kept) {
    return new PolicyVerifier(config(), source, new KeptSignatures(kept));
  }

  static byte[] claim(String type, String reference, String digest) {
    return """
    {"critical":{"type":"%s","image":{"docker-manifest-digest":"%s"},
     "identity":{"docker-reference":"%s"}},"optional":{"creator":"test"}}\
    """
        .formatted(type, digest, reference)
        .getBytes(UTF_8);
  }

  static byte[] claim(String reference) {
    return claim(Claim.SIMPLE, reference, DIGEST.toString());
  }
}
