package dev.carafe.cri;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * YAML documents that say what JSON can say. Aliases are refused: they make much of little, and
 * nobody needs them here.
 */
final class Yaml {
  private static final int MOST_TOKENS = 1_000_000;

  private Yaml() {}

  /**
   * Reads one document that is a mapping.
   *
   * @param what named in messages
   * @throws InvalidArgumentException if it is not one, or too large
   */
  static JsonObject object(String what, byte[] bytes) {
    return Json.object(what, json(what, bytes));
  }

  private static byte[] json(String what, byte[] bytes) {
    YAMLFactory factory = new YAMLFactory();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (YAMLParser parser = factory.createParser(bytes);
        JsonGenerator generator = new JsonFactory().createGenerator(out)) {
      int depth = 0;
      int tokens = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (parser.isCurrentAlias()) {
          throw new InvalidArgumentException(what + ": aliases are not supported");
        }
        if (++tokens > MOST_TOKENS) {
          throw new InvalidArgumentException(what + ": more than " + MOST_TOKENS + " values");
        }
        if (depth == 0 && tokens > 1) {
          throw new InvalidArgumentException(what + ": more than one document");
        }
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        generator.copyCurrentEvent(parser);
      }
    } catch (IOException e) {
      throw new InvalidArgumentException(what + ": not YAML: " + firstLine(e), e);
    } catch (InvalidArgumentException e) {
      throw e;
    } catch (RuntimeException e) {
      // What snakeyaml throws is not all wrapped.
      throw new InvalidArgumentException(what + ": not YAML: " + firstLine(e), e);
    }
    return out.toByteArray();
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
