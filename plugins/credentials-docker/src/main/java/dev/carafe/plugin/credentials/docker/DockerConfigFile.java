package dev.carafe.plugin.credentials.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * A Docker configuration file, as far as it is about registries: {@code auths}, {@code credsStore}
 * and {@code credHelpers} (Docker documentation, "docker login").
 */
final class DockerConfigFile {
  private static final int SIZE_LIMIT = 1024 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A helper to ask.
   *
   * @param name what follows {@code docker-credential-}
   * @param server what it knows the registry by
   */
  record Helper(String name, String server) {}

  private final Path file;
  private final JsonNode root;

  private DockerConfigFile(Path file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  /**
   * Reads a file; empty if it is not there.
   *
   * @throws UnavailableException if it cannot be used; the message names it and none of its content
   */
  static Optional<DockerConfigFile> read(Path file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(SIZE_LIMIT + 1);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UnavailableException(file + ": cannot be read");
    }
    if (bytes.length > SIZE_LIMIT) {
      throw new UnavailableException(file + ": larger than " + SIZE_LIMIT + " bytes");
    }
    try {
      JsonNode root = JSON.readTree(bytes);
      if (root != null && root.isObject()) {
        return Optional.of(new DockerConfigFile(file, root));
      }
    } catch (JsonProcessingException e) {
      // Its message would quote the file.
    } catch (IOException e) {
      throw new UnavailableException(file + ": cannot be read");
    }
    throw new UnavailableException(file + ": not a JSON object");
  }

  /** The helper to ask for a host: its own, else the one for all. */
  Optional<Helper> helper(ServerName asked) {
    for (Map.Entry<String, JsonNode> entry : root.path("credHelpers").properties()) {
      if (ServerName.of(entry.getKey()).host().equals(asked.host())) {
        String name = entry.getValue().asText("");
        return name.isEmpty() ? Optional.empty() : Optional.of(new Helper(name, serverKey(asked)));
      }
    }
    String store = root.path("credsStore").asText("");
    return store.isEmpty() ? Optional.empty() : Optional.of(new Helper(store, serverKey(asked)));
  }

  private static String serverKey(ServerName asked) {
    return asked.host().equals(ServerName.HUB) ? ServerName.HUB_KEY : asked.host();
  }

  /**
   * What the file itself has for a repository: of several entries the one with the longest path.
   */
  Optional<Credentials> inline(ServerName asked, String repository) {
    Optional<Credentials> best = Optional.empty();
    int length = -1;
    for (Map.Entry<String, JsonNode> entry : root.path("auths").properties()) {
      ServerName server = ServerName.of(entry.getKey());
      if (server.path().length() > length && server.covers(asked, repository)) {
        Optional<Credentials> found = credentials(entry.getValue());
        if (found.isPresent()) {
          best = found;
          length = server.path().length();
        }
      }
    }
    return best;
  }

  private Optional<Credentials> credentials(JsonNode entry) {
    String identity = entry.path("identitytoken").asText("");
    if (!identity.isEmpty()) {
      return Optional.of(new Credentials.RefreshToken(identity));
    }
    String bearer = entry.path("registrytoken").asText("");
    if (!bearer.isEmpty()) {
      return Optional.of(new Credentials.Header("Bearer " + bearer));
    }
    String user = entry.path("username").asText("");
    if (!user.isEmpty()) {
      return Optional.of(new Credentials.Basic(user, entry.path("password").asText("")));
    }
    return pair(entry.path("auth").asText(""));
  }

  private Optional<Credentials> pair(String auth) {
    if (auth.isEmpty()) {
      return Optional.empty();
    }
    String text;
    try {
      // Some writers wrap lines, some leave out the padding.
      text =
          new String(
              Base64.getMimeDecoder().decode(auth.getBytes(StandardCharsets.UTF_8)),
              StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new UnavailableException(file + ": an \"auth\" is not base64");
    }
    // Docker's own writer ends the password with zero bytes.
    text = text.replace("\0", "");
    int colon = text.indexOf(':');
    if (colon <= 0) {
      throw new UnavailableException(file + ": an \"auth\" is not USER:PASSWORD");
    }
    return Optional.of(new Credentials.Basic(text.substring(0, colon), text.substring(colon + 1)));
  }
}
