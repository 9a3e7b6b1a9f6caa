package dev.carafe.plugin.verifier.policy;

import dev.carafe.spi.images.ImageLocation;
import java.util.List;
import java.util.Map;

/**
 * What is required of images.
 *
 * @param fallback of an image for which nothing else is said
 * @param transports by transport and scope; the empty scope is that of all images of a transport
 */
record Policy(List<Requirement> fallback, Map<String, Map<String, List<Requirement>>> transports) {
  Policy {
    fallback = List.copyOf(fallback);
    transports = Map.copyOf(transports);
  }

  /** All of these must be met. */
  List<Requirement> of(ImageLocation image) {
    Map<String, List<Requirement>> byScope = transports.getOrDefault(image.transport(), Map.of());
    for (String scope : Scopes.of(image)) {
      List<Requirement> found = byScope.get(scope);
      if (found != null) {
        return found;
      }
    }
    return fallback;
  }

  /** One condition. */
  sealed interface Requirement {}

  record AcceptAnything() implements Requirement {}

  record Reject() implements Requirement {}

  /** A signature. */
  sealed interface Signed extends Requirement {}

  /** A signature of simple signing, by one of these keys. */
  record SignedBy(GpgKeys keys, SignedIdentity identity) implements Signed {}

  /** A signature of sigstore, by one of these keys. */
  record SigstoreSigned(SigstoreKeys keys, SignedIdentity identity) implements Signed {}

  /** Which name a signature must be made out to. */
  sealed interface SignedIdentity {
    boolean accepts(ImageIdentity image, ImageIdentity signed);
  }

  /** The same name. */
  record MatchExact() implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      return image.equals(signed);
    }
  }

  /** The same name, or for an image asked for by digest, any name in its repository. */
  record MatchRepositoryDigestOrExact() implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      return image.byDigest() ? image.sameRepository(signed) : image.equals(signed);
    }
  }

  record MatchRepository() implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      return image.sameRepository(signed);
    }
  }

  record ExactReference(ImageIdentity reference) implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      return reference.equals(signed);
    }
  }

  record ExactRepository(String repository) implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      return repository.equals(signed.repository());
    }
  }

  /** The name under which a mirror's image was signed. */
  record Remap(String prefix, String signedPrefix) implements SignedIdentity {
    @Override
    public boolean accepts(ImageIdentity image, ImageIdentity signed) {
      String repository = image.repository();
      boolean below = repository.equals(prefix) || repository.startsWith(prefix + "/");
      ImageIdentity original =
          below
              ? new ImageIdentity(
                  signedPrefix + repository.substring(prefix.length()), image.reference())
              : image;
      return new MatchRepositoryDigestOrExact().accepts(original, signed);
    }
  }
}
