package dev.carafe.cni;

import dev.carafe.oci.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Configurations as containerd's verbose status shows them; tools on nodes read it. */
final class Description {
  private Description() {}

  static String of(List<Path> binDirs, CniConfig.Directory directory, List<Network> networks) {
    List<Object> described = new ArrayList<>();
    for (Network network : networks) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("Config", network(network));
      entry.put("IFName", Pods.interfaceName(described.size()));
      described.add(entry);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("PluginDirs", binDirs.stream().map(Path::toString).toList());
    json.put("PluginConfDir", directory.path().toString());
    json.put("PluginMaxConfNum", directory.maxConfNum());
    json.put("Prefix", "eth");
    json.put("Networks", described);
    return text(json);
  }

  private static Map<String, Object> network(Network network) {
    List<Object> plugins = new ArrayList<>();
    for (Network.Plugin plugin : network.plugins()) {
      Map<String, Object> summary = new LinkedHashMap<>();
      summary.put("type", plugin.type());
      summary.put("capabilities", plugin.config().getOrDefault("capabilities", Map.of()));
      summary.put("ipam", plugin.config().getOrDefault("ipam", Map.of()));
      summary.put("dns", plugin.config().getOrDefault("dns", Map.of()));
      plugins.add(Map.of("Network", summary, "Source", text(plugin.config())));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("Name", network.name());
    json.put("CNIVersion", network.version().toString());
    json.put("Plugins", plugins);
    json.put("Source", text(network.toJson()));
    return json;
  }

  private static String text(Object json) {
    return new String(Json.bytes(json), StandardCharsets.UTF_8);
  }
}
