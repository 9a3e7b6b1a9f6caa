package com.example.allowlist;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Allows what a file lists, and nothing else. The first rule about an image's name decides. The file
 * is read for each judgement: a change holds at once. One that cannot be read, or has a mistake,
 * allows nothing.
 */
final class AllowlistVerifier implements ImageVerifier {
  private static final int LIMIT = 1 << 20;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path file;

  AllowlistVerifier(Path file) {
    this.file = file;
  }

  @Override
  public Verdict verify(ImageLocation image, Descriptor target) {
    return verify(image, target, Pull.UNKNOWN);
  }

  @Override
  public Verdict verify(ImageLocation image, Descriptor target, Pull pull) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("allow-list: the caller has gone");
    }
    List<Rule> rules;
    try {
      rules = rules();
    } catch (IOException | InvalidArgumentException e) {
      return refused("the list " + file + " cannot be used: " + e.getMessage());
    }
    for (Rule rule : rules) {
      if (rule.isAbout(image.toString())) {
        return judge(rule, target, pull);
      }
    }
    return refused("image " + image + " is not on the list");
  }

  private static Verdict judge(Rule rule, Descriptor target, Pull pull) {
    if (rule.digest().isPresent() && !rule.digest().get().equals(target.digest())) {
      return refused("digest " + target.digest() + " is not that of the list");
    }
    if (!rule.annotations().isEmpty()) {
      // Its digest has been checked: these are the bytes that will be pulled.
      JsonNode found = annotations(pull.documents().read(target));
      for (Map.Entry<String, String> wanted : rule.annotations().entrySet()) {
        if (!found.path(wanted.getKey()).asText("").equals(wanted.getValue())) {
          return refused("annotation " + wanted.getKey() + " is not " + wanted.getValue());
        }
      }
    }
    return new Verdict(true, "");
  }

  private static JsonNode annotations(byte[] document) {
    try {
      return JSON.readTree(document).path("annotations");
    } catch (IOException e) {
      throw new InvalidArgumentException("the image's document is not JSON: " + e.getMessage(), e);
    }
  }

  private List<Rule> rules() throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(LIMIT + 1);
    }
    if (bytes.length > LIMIT) {
      throw new InvalidArgumentException("it has more than " + LIMIT + " bytes");
    }
    List<Rule> rules = new ArrayList<>();
    for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        rules.add(Rule.parse(line));
      }
    }
    return rules;
  }

  private static Verdict refused(String reason) {
    return new Verdict(false, reason);
  }
}
