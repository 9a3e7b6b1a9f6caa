package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.plugins.v1.ChangeResponse;
import dev.carafe.api.plugins.v1.LoadRequest;
import dev.carafe.api.plugins.v1.ReloadRequest;
import dev.carafe.api.plugins.v1.UnloadRequest;
import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginInfoResponse;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.types.Platform;
import dev.carafe.api.types.RuntimeInfo;
import dev.carafe.api.types.RuntimeRequest;
import java.nio.file.Path;
import java.util.List;

/** Plugins as the daemon lists them. */
final class PluginCommands {
  private final Session session;

  PluginCommands(Session session) {
    this.session = session;
  }

  private List<Plugin> plugins() {
    return plugins(session);
  }

  static List<Plugin> plugins(Session session) {
    return session
        .channel()
        .unary(Api.Introspection.PLUGINS, PluginsRequest.getDefaultInstance())
        .getPluginsList();
  }

  static String status(Plugin plugin) {
    if (!plugin.hasInitErr()) {
      return plugin.containsExports("carafe.failing") ? "failing" : "ok";
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

  /** Loads a jar; a relative path is one of this program's. */
  int load() {
    String jar = Path.of(session.arguments().operand(0)).toAbsolutePath().normalize().toString();
    return changed(
        session.channel().unary(Api.Plugins.LOAD, LoadRequest.newBuilder().setJar(jar).build()));
  }

  int unload() {
    String plugin = session.arguments().operand(0);
    return changed(
        session
            .channel()
            .unary(Api.Plugins.UNLOAD, UnloadRequest.newBuilder().setPlugin(plugin).build()));
  }

  int reload() {
    String plugin = session.arguments().operand(0);
    return changed(
        session
            .channel()
            .unary(Api.Plugins.RELOAD, ReloadRequest.newBuilder().setPlugin(plugin).build()));
  }

  private int changed(ChangeResponse change) {
    change.getPluginsList().forEach(session.out()::println);
    change
        .getWarningsList()
        .forEach(warning -> session.streams().err().println("warning: " + Text.printable(warning)));
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
}
