package dev.carafe.plugin.verifier.policy;

import dev.carafe.spi.images.ImageName;

/**
 * An image's name as policies compare it.
 *
 * @param repository {@code HOST[:PORT]/PATH}
 * @param reference {@code :TAG} or {@code @DIGEST}
 */
record ImageIdentity(String repository, String reference) {
  /** A digest is what is asked for where a name has both. */
  static ImageIdentity of(ImageName name) {
    return new ImageIdentity(
        name.host() + "/" + name.repository(),
        name.digest() != null ? "@" + name.digest() : ":" + name.reference());
  }

  /** A full name with a tag or a digest, as it is written in signatures and policies. */
  static ImageIdentity parse(String text) {
    ImageName name = ImageName.normalize(text);
    boolean complete = name.digest() != null || text.endsWith(":" + name.tag());
    if (!complete) {
      throw new PolicyException("\"" + text + "\" has neither tag nor digest");
    }
    return of(name);
  }

  /** The full name of a repository. */
  static String repository(String text) {
    ImageName name = ImageName.normalize(text);
    if (name.digest() != null || text.endsWith(":" + name.tag())) {
      throw new PolicyException("\"" + text + "\" is not only a repository");
    }
    return name.host() + "/" + name.repository();
  }

  /** The repository of a full name, whatever follows it. */
  static String repositoryOf(String text) {
    ImageName name = ImageName.normalize(text);
    return name.host() + "/" + name.repository();
  }

  boolean byDigest() {
    return reference.startsWith("@");
  }

  boolean sameRepository(ImageIdentity other) {
    return repository.equals(other.repository);
  }

  @Override
  public String toString() {
    return repository + reference;
  }
}
