package dev.carafe.cri;

import dev.carafe.oci.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Details for people, as JSON. */
final class Info {
  private Info() {}

  static String of(Pod pod) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("runtimeHandler", pod.handler());
    info.put("sandboxer", pod.sandboxer().controller());
    info.put("pid", pod.pid());
    info.put("ips", pod.ips());
    info.put("createdAt", pod.createdAt().toString());
    return text(info);
  }

  static String of(CriContainer container) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("sandboxID", container.podId());
    info.put("imageID", container.imageId());
    info.put("logPath", container.logPath());
    return text(info);
  }

  /** The configuration, with the keys that users of {@code crictl info} know from containerd. */
  static String of(CriConfig config, Runtimes runtimes, Path root, Path state) {
    Map<String, Object> handlers = new LinkedHashMap<>();
    for (String name : runtimes.handlers().names()) {
      Map<String, Object> handler = new LinkedHashMap<>();
      handler.put("runtimeType", runtimes.plugin(name));
      handler.put("options", Map.of("SystemdCgroup", runtimes.systemd(name)));
      CriConfig.Handler own = config.handlers().getOrDefault(name, CriConfig.Handler.DEFAULT);
      handler.put("cniConfDir", own.cniConfDir());
      handler.put("cniMaxConfNum", own.cniMaxConfNum());
      handler.put("sandboxer", own.sandboxer().controller());
      handlers.put(name, handler);
    }
    Map<String, Object> containerd = new LinkedHashMap<>();
    containerd.put("snapshotter", config.snapshotter());
    containerd.put("defaultRuntimeName", config.defaultRuntimeHandler());
    containerd.put("runtimes", handlers);
    Map<String, Object> cni = new LinkedHashMap<>();
    cni.put("binDir", config.cni().binDirs().getFirst().toString());
    cni.put("binDirs", config.cni().binDirs().stream().map(Path::toString).toList());
    cni.put("confDir", config.cni().confDir().toString());
    cni.put("maxConfNum", config.cni().maxConfNum());
    cni.put("setupSerially", config.cni().setupSerially());
    cni.put("confTemplate", config.cni().confTemplate());
    cni.put("ipPref", config.cni().ipPref().name().toLowerCase(Locale.ROOT));
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("containerd", containerd);
    info.put("cni", cni);
    info.put("sandboxImage", config.pauseImage());
    info.put("streamServerAddress", config.streaming().address());
    info.put("streamServerPort", Integer.toString(config.streaming().port()));
    info.put("streamIdleTimeout", config.streaming().idleTimeout().toString());
    info.put("enableCDI", true);
    info.put("cdiSpecDirs", config.cdiSpecDirs().stream().map(Path::toString).toList());
    info.put("execSyncOutputLimit", config.execOutputLimit());
    info.put("rootDir", root.toString());
    info.put("stateDir", state.toString());
    info.put("containerdRootDir", String.valueOf(root.getParent()));
    return text(info);
  }

  private static String text(Map<String, Object> json) {
    return new String(Json.bytes(json), StandardCharsets.UTF_8);
  }
}
