package dev.carafe.plugin.verifier.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.plugin.verifier.policy.Policy.AcceptAnything;
import dev.carafe.plugin.verifier.policy.Policy.ExactReference;
import dev.carafe.plugin.verifier.policy.Policy.ExactRepository;
import dev.carafe.plugin.verifier.policy.Policy.MatchExact;
import dev.carafe.plugin.verifier.policy.Policy.MatchRepository;
import dev.carafe.plugin.verifier.policy.Policy.MatchRepositoryDigestOrExact;
import dev.carafe.plugin.verifier.policy.Policy.Reject;
import dev.carafe.plugin.verifier.policy.Policy.Remap;
import dev.carafe.plugin.verifier.policy.Policy.Requirement;
import dev.carafe.plugin.verifier.policy.Policy.SignedBy;
import dev.carafe.plugin.verifier.policy.Policy.SignedIdentity;
import dev.carafe.plugin.verifier.policy.Policy.SigstoreSigned;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads a policy. Strict: a key that is not known, one that is there twice or a requirement that is
 * not understood is an error, since an image would be judged by less than was meant.
 */
final class PolicyReader {
  private static final int REQUIREMENTS = 10_000;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private int requirements;

  private PolicyReader() {}

  /**
   * @throws PolicyException if the text is no policy; the message says where
   */
  static Policy read(byte[] text) {
    try {
      return new PolicyReader().policy(JSON.readTree(text));
    } catch (JsonProcessingException e) {
      throw new PolicyException("is no JSON: " + e.getOriginalMessage(), e);
    } catch (java.io.IOException e) {
      throw new PolicyException("cannot be read: " + e.getMessage(), e);
    }
  }

  private Policy policy(JsonNode top) {
    only(top, "the policy", "default", "transports");
    List<Requirement> fallback = requirements(top.path("default"), "default");
    Map<String, Map<String, List<Requirement>>> byTransport = new HashMap<>();
    JsonNode transports = top.path("transports");
    if (!transports.isMissingNode()) {
      only(transports, "transports");
      transports.forEachEntry((transport, scopes) -> {
        only(scopes, "transports." + transport);
        Map<String, List<Requirement>> byScope = new HashMap<>();
        byTransport.put(transport, byScope);
        scopes.forEachEntry((scope, list) -> {
          String where = "transports." + transport + ".\"" + scope + "\"";
          byScope.put(scope, requirements(list, where));
        });
      });
    }
    return new Policy(fallback, byTransport);
  }

  private List<Requirement> requirements(JsonNode list, String where) {
    if (!list.isArray() || list.isEmpty()) {
      throw new PolicyException(where + ": is not a list of at least one requirement");
    }
    List<Requirement> result = new ArrayList<>();
    for (JsonNode one : list) {
      if (++requirements > REQUIREMENTS) {
        throw new PolicyException("has more than " + REQUIREMENTS + " requirements");
      }
      result.add(requirement(one, where + "[" + result.size() + "]"));
    }
    return result;
  }

  private static Requirement requirement(JsonNode node, String where) {
    String type = text(node, "type", where);
    return switch (type) {
      case "insecureAcceptAnything" -> {
        only(node, where, "type");
        yield new AcceptAnything();
      }
      case "reject" -> {
        only(node, where, "type");
        yield new Reject();
      }
      case "signedBy" -> {
        only(node, where, "type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity");
        String keyType = text(node, "keyType", where);
        if (!keyType.equals("GPGKeys")) {
          throw new PolicyException(where + ": keyType \"" + keyType + "\" is not supported");
        }
        yield new SignedBy(GpgKeys.read(keys(node, where), where), identity(node, where));
      }
      case "sigstoreSigned" -> {
        only(node, where, "type", "keyPath", "keyPaths", "keyData", "keyDatas", "signedIdentity");
        yield new SigstoreSigned(
            SigstoreKeys.read(keys(node, where), where), identity(node, where));
      }
      default -> throw new PolicyException(where + ": type \"" + type + "\" is not known");
    };
  }

  /** The bytes of the keys, however they are given: exactly one of the ways. */
  private static List<byte[]> keys(JsonNode node, String where) {
    List<String> given =
        List.of("keyPath", "keyPaths", "keyData", "keyDatas").stream().filter(node::has).toList();
    if (given.size() != 1) {
      throw new PolicyException(where + ": keys are given by " + given + ", not in one way");
    }
    String way = given.getFirst();
    List<String> values =
        way.endsWith("s") ? texts(node, way, where) : List.of(text(node, way, where));
    List<byte[]> keys = new ArrayList<>();
    for (String value : values) {
      if (way.startsWith("keyPath")) {
        Path path = Path.of(value);
        if (!path.isAbsolute()) {
          throw new PolicyException(where + ": \"" + value + "\" is not an absolute path");
        }
        keys.add(Bounded.file(path, Bounded.KEYS));
      } else {
        try {
          keys.add(Base64.getDecoder().decode(value));
        } catch (IllegalArgumentException e) {
          throw new PolicyException(where + "." + way + ": is not base64", e);
        }
      }
    }
    return keys;
  }

  private static SignedIdentity identity(JsonNode node, String where) {
    JsonNode identity = node.path("signedIdentity");
    if (identity.isMissingNode()) {
      return new MatchRepositoryDigestOrExact();
    }
    String at = where + ".signedIdentity";
    String type = text(identity, "type", at);
    try {
      return switch (type) {
        case "matchExact" -> {
          only(identity, at, "type");
          yield new MatchExact();
        }
        case "matchRepoDigestOrExact" -> {
          only(identity, at, "type");
          yield new MatchRepositoryDigestOrExact();
        }
        case "matchRepository" -> {
          only(identity, at, "type");
          yield new MatchRepository();
        }
        case "exactReference" -> {
          only(identity, at, "type", "dockerReference");
          yield new ExactReference(ImageIdentity.parse(text(identity, "dockerReference", at)));
        }
        case "exactRepository" -> {
          only(identity, at, "type", "dockerRepository");
          yield new ExactRepository(
              ImageIdentity.repository(text(identity, "dockerRepository", at)));
        }
        case "remapIdentity" -> {
          only(identity, at, "type", "prefix", "signedPrefix");
          yield new Remap(prefix(identity, "prefix", at), prefix(identity, "signedPrefix", at));
        }
        default -> throw new PolicyException(at + ": type \"" + type + "\" is not known");
      };
    } catch (InvalidArgumentException e) {
      throw new PolicyException(at + ": " + e.getMessage(), e);
    }
  }

  private static String prefix(JsonNode node, String key, String where) {
    String prefix = text(node, key, where);
    if (prefix.endsWith("/") || prefix.contains("@") || prefix.startsWith("*")) {
      throw new PolicyException(where + "." + key + ": \"" + prefix + "\" is no prefix of names");
    }
    return prefix;
  }

  private static String text(JsonNode node, String key, String where) {
    JsonNode value = node.path(key);
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw new PolicyException(where + ": \"" + key + "\" is not a text");
    }
    return value.textValue();
  }

  private static List<String> texts(JsonNode node, String key, String where) {
    JsonNode list = node.path(key);
    List<String> result = new ArrayList<>();
    list.forEach(value -> result.add(value.isTextual() ? value.textValue() : ""));
    if (!list.isArray() || result.isEmpty() || result.contains("")) {
      throw new PolicyException(where + ": \"" + key + "\" is not a list of texts");
    }
    return result;
  }

  /** Fails unless the node is an object; with keys named, unless it has no other ones. */
  private static void only(@Nullable JsonNode node, String where, String... keys) {
    if (node == null || !node.isObject()) {
      throw new PolicyException(where + ": is not an object");
    }
    if (keys.length == 0) {
      return;
    }
    Set<String> unknown = new TreeSet<>();
    node.fieldNames().forEachRemaining(unknown::add);
    List.of(keys).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new PolicyException(where + ": does not know " + unknown);
    }
  }
}
