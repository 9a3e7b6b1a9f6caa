package dev.carafe.plugin.source.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hosts.toml in containerd's format (containerd docs/hosts.md). Paths in it are relative to it.
 */
final class HostsFile {
  static final String NAME = "hosts.toml";

  private static final Logger log = LoggerFactory.getLogger(HostsFile.class);
  private static final int SIZE_LIMIT = 1024 * 1024;
  private static final int HOSTS_LIMIT = 64;
  private static final Set<String> HOST_KEYS =
      Set.of(
          "capabilities",
          "ca",
          "client",
          "skip_verify",
          "header",
          "override_path",
          "dial_timeout",
          "proxy");

  /**
   * One host of the file.
   *
   * @param server its URL; empty for the image's own host
   * @param path prefix of requests
   * @param skipVerify empty where the file says nothing
   */
  record Entry(
      Optional<URI> server,
      String path,
      Set<RegistryHost.Capability> capabilities,
      TlsSettings tls,
      Optional<Boolean> skipVerify,
      Headers headers,
      Optional<Duration> dialTimeout,
      Optional<Proxies.Proxy> proxy) {
    /** Whether the file says anything about TLS: then even a plain host is asked for it first. */
    boolean explicitTls() {
      return skipVerify.isPresent() || !tls.authorities().isEmpty() || !tls.clients().isEmpty();
    }
  }

  private final Path file;

  private HostsFile(Path file) {
    this.file = file;
  }

  /**
   * The hosts of a file in the order to try them, its server last; nothing if the file is absent or
   * empty.
   *
   * @throws FailedPreconditionException if it cannot be used; the message names file and key
   */
  static Optional<List<Entry>> read(Path file) {
    return new HostsFile(file).read();
  }

  private Optional<List<Entry>> read() {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(SIZE_LIMIT + 1);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new FailedPreconditionException(file + ": cannot be read", e);
    }
    if (bytes.length > SIZE_LIMIT) {
      throw new FailedPreconditionException(file + ": larger than " + SIZE_LIMIT + " bytes");
    }
    if (bytes.length == 0) {
      return Optional.empty();
    }
    JsonNode root;
    try {
      root = new TomlMapper().readTree(bytes);
    } catch (JsonProcessingException e) {
      String place =
          e.getLocation() == null ? "" : " at line " + Math.max(1, e.getLocation().getLineNr());
      throw new FailedPreconditionException(file + ": not valid TOML" + place);
    } catch (IOException e) {
      throw new FailedPreconditionException(file + ": cannot be read", e);
    }
    return Optional.of(entries(root));
  }

  private List<Entry> entries(JsonNode root) {
    List<Entry> entries = new ArrayList<>();
    JsonNode hosts = root.path("host");
    if (!hosts.isMissingNode() && !hosts.isObject()) {
      throw bad("host", "must be a table of tables");
    }
    if (hosts.size() > HOSTS_LIMIT) {
      throw bad("host", "has more than " + HOSTS_LIMIT + " entries");
    }
    // A JSON object keeps the order of the file, and the order is the order of the attempts.
    for (Map.Entry<String, JsonNode> host : hosts.properties()) {
      String key = "host.\"" + Redaction.text(host.getKey()) + "\"";
      if (!host.getValue().isObject()) {
        throw bad(key, "must be a table");
      }
      warnOfUnknown(host.getValue(), key + ".", Set.of());
      entries.add(entry(Optional.of(url(host.getKey(), key)), host.getValue(), key + "."));
    }
    warnOfUnknown(root, "", Set.of("server", "host"));
    String server = string(root, "server", "");
    Optional<URI> url = server.isEmpty() ? Optional.empty() : Optional.of(url(server, "server"));
    entries.add(entry(url, root, ""));
    return entries;
  }

  private Entry entry(Optional<URI> server, JsonNode table, String prefix) {
    Optional<Boolean> skipVerify = optionalFlag(table, "skip_verify", prefix);
    TlsSettings tls =
        new TlsSettings(
            CertificateFiles.authorities(paths(table, "ca", prefix), this::bad, prefix + "ca"),
            CertificateFiles.identities(pairs(table, prefix), this::bad, prefix + "client"),
            skipVerify.orElse(false));
    String proxy = string(table, "proxy", prefix);
    return new Entry(
        server,
        path(server, optionalFlag(table, "override_path", prefix).orElse(false)),
        capabilities(table, prefix),
        tls,
        skipVerify,
        headers(table, prefix),
        dialTimeout(table, prefix),
        proxy.isEmpty()
            ? Optional.empty()
            : Optional.of(Proxies.parse(proxy, file + ": " + prefix + "proxy")));
  }

  private static String path(Optional<URI> server, boolean override) {
    String path = server.map(URI::normalize).map(URI::getRawPath).orElse("");
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    return override || path.endsWith("/v2") ? path : path + "/v2";
  }

  private URI url(String text, String key) {
    URI uri;
    try {
      uri = URI.create(text.contains("://") ? text : "https://" + text);
    } catch (IllegalArgumentException e) {
      throw bad(key, "is not a valid URL");
    }
    boolean http = "http".equalsIgnoreCase(uri.getScheme());
    if (!http && !"https".equalsIgnoreCase(uri.getScheme())) {
      throw bad(key, "is neither an http nor an https URL");
    }
    if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawQuery() != null) {
      throw bad(key, "is not a URL of scheme, host, port and path");
    }
    return uri;
  }

  private Set<RegistryHost.Capability> capabilities(JsonNode table, String prefix) {
    Set<RegistryHost.Capability> found = EnumSet.noneOf(RegistryHost.Capability.class);
    for (String name : strings(table, "capabilities", prefix)) {
      switch (name.toLowerCase(Locale.ROOT)) {
        case "pull" -> found.add(RegistryHost.Capability.PULL);
        case "resolve" -> found.add(RegistryHost.Capability.RESOLVE);
        case "push" -> found.add(RegistryHost.Capability.PUSH);
        // Newer containerd knows it; nothing here asks for referrers.
        case "referrers" -> log.debug("{}: {}capabilities: referrers is not used", file, prefix);
        default ->
            throw bad(
                prefix + "capabilities",
                "\"" + Redaction.text(name) + "\" is none of pull, resolve, push, referrers");
      }
    }
    return table.path("capabilities").isEmpty()
        ? EnumSet.allOf(RegistryHost.Capability.class)
        : found;
  }

  private Headers headers(JsonNode table, String prefix) {
    JsonNode header = table.path("header");
    if (header.isMissingNode()) {
      return Headers.NONE;
    }
    if (!header.isObject()) {
      throw bad(prefix + "header", "must be a table");
    }
    Headers.Builder headers = Headers.builder();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      String key = prefix + "header.\"" + Redaction.text(field.getKey()) + "\"";
      for (String value : strings(header, field.getKey(), prefix + "header.")) {
        if (!Headers.isName(field.getKey()) || !Headers.isValue(value)) {
          throw bad(key, "is not a valid header field");
        }
        if (HostSession.isFraming(field.getKey())) {
          throw bad(key, "cannot be set: the client sets it");
        }
        headers.add(field.getKey(), value);
      }
    }
    return headers.build();
  }

  private Optional<Duration> dialTimeout(JsonNode table, String prefix) {
    String text = string(table, "dial_timeout", prefix);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Duration time =
        GoDuration.parse(text)
            .orElseThrow(() -> bad(prefix + "dial_timeout", "is not a duration such as \"1m30s\""));
    return time.isZero() || time.isNegative() ? Optional.empty() : Optional.of(time);
  }

  /** A string, a list of strings, or a list of pairs; the second of a pair may be empty. */
  private List<CertificateFiles.Pair> pairs(JsonNode table, String prefix) {
    JsonNode client = table.path("client");
    List<CertificateFiles.Pair> pairs = new ArrayList<>();
    for (JsonNode item : client.isTextual() ? List.of(client) : client) {
      if (item.isTextual()) {
        pairs.add(new CertificateFiles.Pair(path(item), path(item)));
      } else if (item.isArray()
          && item.size() == 2
          && item.get(0).isTextual()
          && item.get(1).isTextual()) {
        boolean single = item.get(1).textValue().isEmpty();
        pairs.add(new CertificateFiles.Pair(path(item.get(0)), path(item.get(single ? 0 : 1))));
      } else {
        throw bad(prefix + "client", "must be a path, a list of paths or a list of pairs of paths");
      }
    }
    if (!client.isMissingNode() && !client.isTextual() && !client.isArray()) {
      throw bad(prefix + "client", "must be a path, a list of paths or a list of pairs of paths");
    }
    return pairs;
  }

  private Path path(JsonNode text) {
    return directory().resolve(text.textValue());
  }

  private List<Path> paths(JsonNode table, String key, String prefix) {
    return strings(table, key, prefix).stream().map(directory()::resolve).toList();
  }

  private Path directory() {
    Path parent = file.getParent();
    return parent == null ? Path.of("") : parent;
  }

  private List<String> strings(JsonNode table, String key, String prefix) {
    JsonNode node = table.path(key);
    if (node.isMissingNode()) {
      return List.of();
    }
    if (node.isTextual()) {
      return List.of(node.textValue());
    }
    List<String> strings = new ArrayList<>();
    if (!node.isArray()) {
      throw bad(prefix + key, "must be a string or a list of strings");
    }
    for (JsonNode item : node) {
      if (!item.isTextual()) {
        throw bad(prefix + key, "must be a string or a list of strings");
      }
      strings.add(item.textValue());
    }
    return strings;
  }

  private String string(JsonNode table, String key, String prefix) {
    JsonNode node = table.path(key);
    if (node.isMissingNode()) {
      return "";
    }
    if (!node.isTextual()) {
      throw bad(prefix + key, "must be a string");
    }
    return node.textValue();
  }

  private Optional<Boolean> optionalFlag(JsonNode table, String key, String prefix) {
    JsonNode node = table.path(key);
    if (node.isMissingNode()) {
      return Optional.empty();
    }
    if (!node.isBoolean()) {
      throw bad(prefix + key, "must be true or false");
    }
    return Optional.of(node.booleanValue());
  }

  private void warnOfUnknown(JsonNode table, String prefix, Set<String> further) {
    for (Map.Entry<String, JsonNode> field : table.properties()) {
      if (!HOST_KEYS.contains(field.getKey()) && !further.contains(field.getKey())) {
        log.warn("{}: {}{} is unknown and ignored", file, prefix, Redaction.text(field.getKey()));
      }
    }
  }

  private FailedPreconditionException bad(String key, String problem) {
    return new FailedPreconditionException(file + ": " + key + " " + problem);
  }
}
