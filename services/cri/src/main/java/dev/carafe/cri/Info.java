package dev.carafe.cri;

import dev.carafe.oci.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Details for people, as JSON. */
final class Info {
  private Info() {}

  static String of(Pod pod) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("runtimeHandler", pod.handler());
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

  static String of(CriConfig config) {
    Map<String, Object> runtimes = new LinkedHashMap<>();
    runtimes.put("defaultRuntimeName", config.defaultRuntimeHandler());
    runtimes.put("snapshotter", config.snapshotter());
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("containerd", runtimes);
    return text(info);
  }

  private static String text(Map<String, Object> json) {
    return new String(Json.bytes(json), StandardCharsets.UTF_8);
  }
}
