package dev.carafe.plugin.verifier.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.plugin.verifier.policy.KeptSignatures.Signature;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Sigstore's signatures beside an image: the image {@code ALGORITHM-HEX.sig} of its repository,
 * each layer of which is a payload with its signature as an annotation (cosign, "Signature
 * Specification").
 */
final class Attachments {
  private static final String PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json";
  private static final String SIGNATURE = "dev.cosignproject.cosign/signature";
  private static final int SIGNATURES = 64;
  private static final JsonMapper JSON = new JsonMapper();

  private final ImageSource source;

  Attachments(ImageSource source) {
    this.source = source;
  }

  /**
   * @param options how the image's registry is reached
   * @throws PolicyException if what is there is damaged
   */
  List<Signature> signatures(ImageName image, Digest manifest, SourceOptions options) {
    String tag = manifest.toString().replace(':', '-') + ".sig";
    ImageName name = new ImageName(image.host(), image.repository(), tag, null);
    try (ImageSource.Repository repository = source.open(name, options)) {
      return signatures(repository, name);
    } catch (NotFoundException e) {
      return List.of();
    } catch (IOException | InvalidArgumentException e) {
      throw new PolicyException("\"" + name + "\": " + e.getMessage(), e);
    }
  }

  private static List<Signature> signatures(ImageSource.Repository repository, ImageName name)
      throws IOException {
    JsonNode manifest =
        JSON.readTree(bytes(repository, repository.target(), Bounded.MANIFEST, name));
    List<Signature> found = new ArrayList<>();
    for (JsonNode layer : manifest.path("layers")) {
      String signature = layer.path("annotations").path(SIGNATURE).asText("");
      if (!PAYLOAD.equals(layer.path("mediaType").asText()) || signature.isEmpty()) {
        continue;
      }
      if (found.size() == SIGNATURES) {
        throw new PolicyException("\"" + name + "\" has more than " + SIGNATURES + " signatures");
      }
      Descriptor descriptor =
          new Descriptor(
              PAYLOAD, Digest.parse(layer.path("digest").asText()), layer.path("size").asLong());
      byte[] payload = bytes(repository, descriptor, Bounded.SIGNATURE, name);
      try {
        found.add(new Signature(payload, Base64.getDecoder().decode(signature)));
      } catch (IllegalArgumentException e) {
        throw new PolicyException("\"" + name + "\": a signature is not base64", e);
      }
    }
    return found;
  }

  /** The source verifies nothing: size and digest are looked at here. */
  private static byte[] bytes(
      ImageSource.Repository repository, Descriptor descriptor, int limit, ImageName name)
      throws IOException {
    if (descriptor.size() > limit) {
      throw new PolicyException(
          "\"" + name + "\": " + descriptor.digest() + " has more than " + limit + " bytes");
    }
    try (InputStream in = repository.fetch(descriptor, 0)) {
      byte[] bytes = Bounded.all(in, limit, "\"" + name + "\": " + descriptor.digest());
      Digest digest = descriptor.digest();
      byte[] hash = Digest.hasher(digest.algorithm()).digest(bytes);
      if (!Digest.finish(digest.algorithm(), hash).equals(digest)) {
        throw new PolicyException("\"" + name + "\": " + descriptor.digest() + " is not what came");
      }
      return bytes;
    }
  }
}
