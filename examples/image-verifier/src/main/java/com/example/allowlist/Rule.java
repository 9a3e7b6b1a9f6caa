package com.example.allowlist;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A line of the list.
 *
 * @param name of an image; what ends in {@code *} is the beginning of one
 * @param digest that the image must have, where one is said
 * @param annotations that the image's manifest or index must have
 */
record Rule(String name, Optional<Digest> digest, Map<String, String> annotations) {
  private static final String DIGEST = "digest=";
  private static final String ANNOTATION = "annotation:";

  /**
   * Reads {@code NAME [digest=DIGEST] [annotation:KEY=VALUE]...}.
   *
   * @throws InvalidArgumentException if a line is anything else
   */
  static Rule parse(String line) {
    String[] words = line.strip().split("\\s+");
    Optional<Digest> digest = Optional.empty();
    Map<String, String> annotations = new HashMap<>();
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      if (words[i].startsWith(DIGEST)) {
        digest = Optional.of(Digest.parse(words[i].substring(DIGEST.length())));
      } else if (words[i].startsWith(ANNOTATION) && equals > ANNOTATION.length()) {
        annotations.put(
            words[i].substring(ANNOTATION.length(), equals), words[i].substring(equals + 1));
      } else {
        throw new InvalidArgumentException("\"" + words[i] + "\" is no condition");
      }
    }
    return new Rule(words[0], digest, annotations);
  }

  boolean isAbout(String image) {
    return name.endsWith("*")
        ? image.startsWith(name.substring(0, name.length() - 1))
        : image.equals(name);
  }
}
