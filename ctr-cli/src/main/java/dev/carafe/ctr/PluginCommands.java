package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginInfoResponse;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.types.Platform;
import dev.carafe.api.types.RuntimeInfo;
import dev.carafe.api.types.RuntimeRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The plugin graph as the daemon shows it. */
final class PluginCommands {
  private static final int MAX_DEPTH = 16;

  private final Session session;

  PluginCommands(Session session) {
    this.session = session;
  }

  private List<Plugin> plugins() {
    return session
        .channel()
        .unary(Api.Introspection.PLUGINS, PluginsRequest.getDefaultInstance())
        .getPluginsList();
  }

  private static String status(Plugin plugin) {
    if (!plugin.hasInitErr()) {
      return "ok";
    }
    return plugin.getInitErr().getMessage().contains("skip plugin") ? "skip" : "error";
  }

  int list() {
    Table table = new Table("TYPE", "ID", "PLATFORMS", "STATUS");
    for (Plugin plugin : plugins()) {
      StringBuilder platforms = new StringBuilder();
      for (Platform platform : plugin.getPlatformsList()) {
        platforms.append(platforms.isEmpty() ? "" : ",").append(platform.getOs());
        platforms.append('/').append(platform.getArchitecture());
      }
      table.row(
          Text.object(
              "type", plugin.getType(),
              "id", plugin.getId(),
              "status", status(plugin),
              "requires", plugin.getRequiresList(),
              "capabilities", plugin.getCapabilitiesList(),
              "exports", plugin.getExportsMap(),
              "error", plugin.getInitErr().getMessage()),
          plugin.getType(),
          plugin.getId(),
          platforms.toString(),
          status(plugin));
    }
    table.print(session);
    return 0;
  }

  /**
   * What nothing requires comes first; each with what it requires below it. A plugin that was shown
   * before is not unfolded again.
   */
  int graph() {
    List<Plugin> plugins = plugins();
    if (session.json()) {
      return list();
    }
    Set<String> required = new HashSet<>();
    plugins.forEach(plugin -> required.addAll(plugin.getRequiresList()));
    Set<String> shown = new HashSet<>();
    for (Plugin plugin : plugins) {
      if (!required.contains(plugin.getType())) {
        show(plugins, plugin, "", "", shown, 0);
      }
    }
    return 0;
  }

  /** What a runtime says of itself. */
  int runtime() throws InvalidProtocolBufferException {
    RuntimeRequest request =
        RuntimeRequest.newBuilder()
            .setRuntimePath(session.arguments().value("runtime", "runc"))
            .build();
    PluginInfoResponse response =
        session
            .channel()
            .unary(
                Api.Introspection.PLUGIN_INFO,
                PluginInfoRequest.newBuilder()
                    .setType("io.containerd.runtime.v2")
                    .setId("task")
                    .setOptions(
                        Any.newBuilder()
                            .setTypeUrl("containerd.types.RuntimeRequest")
                            .setValue(request.toByteString()))
                    .build());
    RuntimeInfo info = RuntimeInfo.parseFrom(response.getExtra().getValue());
    session
        .out()
        .println(
            Text.json(
                Text.object(
                    "name", info.getName(),
                    "version", info.getVersion().getVersion(),
                    "revision", info.getVersion().getRevision(),
                    "annotations", info.getAnnotationsMap(),
                    "features", info.hasFeatures() ? Text.any(info.getFeatures()) : "")));
    return 0;
  }

  private void show(
      List<Plugin> plugins,
      Plugin plugin,
      String head,
      String indent,
      Set<String> shown,
      int depth) {
    String name = plugin.getType() + "." + plugin.getId();
    List<Plugin> below =
        plugins.stream()
            .filter(other -> plugin.getRequiresList().contains(other.getType()))
            .toList();
    boolean again = !shown.add(name) && !below.isEmpty();
    String note =
        status(plugin).equals("ok")
            ? ""
            : "  [" + status(plugin) + ": " + plugin.getInitErr().getMessage() + "]";
    session.out().println(head + name + note + (again ? " ..." : ""));
    if (again || depth == MAX_DEPTH) {
      return;
    }
    for (int i = 0; i < below.size(); i++) {
      boolean last = i + 1 == below.size();
      show(
          plugins,
          below.get(i),
          indent + (last ? "└─ " : "├─ "),
          indent + (last ? "   " : "│  "),
          shown,
          depth + 1);
    }
  }
}
