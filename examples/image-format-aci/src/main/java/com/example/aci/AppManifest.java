package com.example.aci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image manifest of appc, as far as a container is made of it ("Image Manifest Schema").
 * Isolators and event handlers are left out: limits come from whoever runs the image, and OCI has no
 * such hooks.
 */
record AppManifest(
    String name,
    Map<String, String> labels,
    Map<String, String> annotations,
    List<String> exec,
    String user,
    String group,
    String workingDirectory,
    Map<String, String> environment,
    List<String> mountPoints,
    List<String> ports) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  static AppManifest parse(byte[] document) {
    JsonNode root;
    try {
      root = JSON.readTree(document);
    } catch (IOException e) {
      throw new InvalidArgumentException("ACI: its manifest is not JSON: " + e.getMessage(), e);
    }
    if (!root.path("acKind").asText().equals("ImageManifest")
        || root.path("name").asText().isEmpty()) {
      throw new InvalidArgumentException("ACI: its manifest is no ImageManifest with a name");
    }
    for (String part : List.of("dependencies", "pathWhitelist")) {
      if (!root.path(part).isEmpty()) {
        throw new UnimplementedException("ACI: " + part + " are not supported");
      }
    }
    JsonNode app = root.path("app");
    List<String> exec = new ArrayList<>();
    app.path("exec").forEach(word -> exec.add(word.asText()));
    List<String> mountPoints = new ArrayList<>();
    app.path("mountPoints").forEach(point -> mountPoints.add(absolute(point.path("path"))));
    List<String> ports = new ArrayList<>();
    app.path("ports").forEach(port -> ports.add(port(port)));
    return new AppManifest(
        root.path("name").asText(),
        pairs(root.path("labels")),
        pairs(root.path("annotations")),
        exec,
        owner(app, "user"),
        owner(app, "group"),
        app.hasNonNull("workingDirectory") ? absolute(app.path("workingDirectory")) : "",
        pairs(app.path("environment")),
        mountPoints,
        ports);
  }

  Optional<String> label(String label) {
    return Optional.ofNullable(labels.get(label));
  }

  private static Map<String, String> pairs(JsonNode list) {
    Map<String, String> pairs = new LinkedHashMap<>();
    list.forEach(pair -> pairs.put(pair.path("name").asText(), pair.path("value").asText()));
    return pairs;
  }

  private static String absolute(JsonNode path) {
    if (!path.asText().startsWith("/")) {
      throw new InvalidArgumentException("ACI: the path \"" + path.asText() + "\" is not absolute");
    }
    return path.asText();
  }

  private static String port(JsonNode port) {
    int number = port.path("port").asInt();
    String protocol = port.path("protocol").asText();
    if (number < 1 || number > 65535 || !List.of("tcp", "udp", "sctp").contains(protocol)) {
      throw new InvalidArgumentException("ACI: port " + port + " is none");
    }
    return number + "/" + protocol;
  }

  /** A name or a number; a path, whose owner it would be, is not supported. */
  private static String owner(JsonNode app, String key) {
    String owner = app.path(key).asText("0");
    if (owner.startsWith("/")) {
      throw new UnimplementedException("ACI: the owner of a path as " + key + " is not supported");
    }
    return owner;
  }
}
