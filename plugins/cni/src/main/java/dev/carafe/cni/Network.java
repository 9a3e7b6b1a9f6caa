package dev.carafe.cni;

import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network configuration: plugins that are run one after the other.
 *
 * @param version that its plugins are spoken to in
 * @param versions that its author allows and we speak, the newest first; contains {@code version}
 * @param source the file that it came from
 */
record Network(
    String name,
    Version version,
    List<Version> versions,
    boolean disableCheck,
    boolean disableGc,
    List<Plugin> plugins,
    String source) {
  private static final int MOST_PLUGINS = 32;

  /**
   * One of its plugins.
   *
   * @param type the name of its program
   * @param capabilities that it declares
   * @param config its own part of the configuration, passed on as it is
   */
  record Plugin(String type, Set<String> capabilities, Map<String, Object> config) {}

  Network in(Version chosen) {
    return new Network(name, chosen, versions, disableCheck, disableGc, plugins, source);
  }

  /**
   * Reads a list of plugins, or a single one.
   *
   * @throws InvalidArgumentException if it cannot be used, with the reason
   */
  static Network of(JsonObject json, String source) {
    String name = json.text("name");
    if (!Names.isName(name)) {
      throw new InvalidArgumentException(
          json.path() + ": name \"" + Text.shown(name) + "\" is not letters, digits, _ . -");
    }
    List<JsonObject> parts = json.has("plugins") ? json.objects("plugins") : List.of(json);
    if (parts.isEmpty() || parts.size() > MOST_PLUGINS) {
      throw new InvalidArgumentException(
          json.path() + ": has " + parts.size() + " plugins, not 1 to " + MOST_PLUGINS);
    }
    List<Plugin> plugins = new ArrayList<>();
    for (JsonObject part : parts) {
      plugins.add(plugin(part));
    }
    List<Version> versions = versions(json);
    return new Network(
        name,
        versions.getFirst(),
        versions,
        flag(json, "disableCheck"),
        flag(json, "disableGC"),
        List.copyOf(plugins),
        source);
  }

  /** The specification has {@code disableCheck} as a string as well. */
  private static boolean flag(JsonObject json, String name) {
    return json.members().get(name) instanceof String text ? text.equals("true") : json.flag(name);
  }

  private static List<Version> versions(JsonObject json) {
    Set<Version> said = new LinkedHashSet<>();
    if (json.has("cniVersion") || !json.has("cniVersions")) {
      said.add(Version.parse(json.text("cniVersion")));
    }
    json.texts("cniVersions").forEach(text -> said.add(Version.parse(text)));
    List<Version> spoken =
        said.stream().filter(Version::isSpoken).sorted(Comparator.reverseOrder()).toList();
    if (spoken.isEmpty()) {
      throw new InvalidArgumentException(
          json.path() + ": CNI version " + said + " is not known (0.1.0 to 1.1.0 are)");
    }
    return spoken;
  }

  private static Plugin plugin(JsonObject json) {
    String type = json.text("type");
    requireProgram(json, type);
    // Plugins look for this one in CNI_PATH themselves, not all of them with care.
    if (json.members().get("ipam") instanceof Map<?, ?> ipam
        && ipam.get("type") instanceof String ipamType
        && !ipamType.isEmpty()) {
      requireProgram(json, ipamType);
    }
    Set<String> capabilities = new LinkedHashSet<>();
    json.object("capabilities")
        .members()
        .forEach((name, value) -> {
          if (Boolean.TRUE.equals(value)) {
            capabilities.add(name);
          }
        });
    return new Plugin(type, Set.copyOf(capabilities), json.members());
  }

  private static void requireProgram(JsonObject json, String type) {
    if (!Names.isProgram(type)) {
      throw new InvalidArgumentException(
          json.path() + ": type \"" + Text.shown(type) + "\" is not the name of a program");
    }
  }

  /** As in a file, with the version that was chosen. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("cniVersion", version.toString());
    json.put("name", name);
    json.put("disableCheck", disableCheck);
    json.put("disableGC", disableGc);
    json.put("plugins", plugins.stream().map(Plugin::config).toList());
    return json;
  }
}
