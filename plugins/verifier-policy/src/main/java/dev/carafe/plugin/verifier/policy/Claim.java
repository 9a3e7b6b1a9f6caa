package dev.carafe.plugin.verifier.policy;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.util.Set;

/**
 * What was signed: that a manifest belongs to a name (containers/image, "Container signature
 * format"; sigstore's simple signing).
 *
 * @param reference as it was written; sigstore's tool leaves the tag out
 */
record Claim(String reference, Digest digest) {
  static final String SIMPLE = "atomic container signature";
  static final String SIGSTORE = "cosign container image signature";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Set<String> CRITICAL = Set.of("type", "image", "identity");

  /**
   * @throws PolicyException if this is no claim of that type, or claims more than is understood
   */
  static Claim read(byte[] payload, String type) {
    JsonNode top;
    try {
      top = JSON.readTree(payload);
    } catch (IOException e) {
      throw new PolicyException("what is signed is no JSON", e);
    }
    JsonNode critical = top.path("critical");
    critical
        .fieldNames()
        .forEachRemaining(name -> {
          if (!CRITICAL.contains(name)) {
            throw new PolicyException(
                "what is signed has \"" + name + "\", which is not understood");
          }
        });
    if (!type.equals(critical.path("type").textValue())) {
      throw new PolicyException("what is signed is no " + type);
    }
    String reference = critical.path("identity").path("docker-reference").textValue();
    String digest = critical.path("image").path("docker-manifest-digest").textValue();
    if (reference == null || digest == null) {
      throw new PolicyException("what is signed names no image");
    }
    try {
      return new Claim(reference, Digest.parse(digest));
    } catch (InvalidArgumentException e) {
      throw new PolicyException("what is signed has no digest", e);
    }
  }

  /** Whether this is about that manifest under a name that is right for that image. */
  boolean covers(Digest manifest, ImageIdentity image, Policy.SignedIdentity identity) {
    if (!digest.equals(manifest)) {
      return false;
    }
    try {
      return identity.accepts(image, signed(identity));
    } catch (InvalidArgumentException | PolicyException e) {
      return false;
    }
  }

  private ImageIdentity signed(Policy.SignedIdentity identity) {
    boolean tagless =
        identity instanceof Policy.MatchRepository || identity instanceof Policy.ExactRepository;
    return tagless
        ? new ImageIdentity(ImageIdentity.repositoryOf(reference), "")
        : ImageIdentity.parse(reference);
  }
}
