package dev.carafe.cri;

import dev.carafe.oci.Device;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Additions to a finished specification of the OCI runtime. */
final class SpecEdits {
  private final Map<String, Object> spec;

  SpecEdits(byte[] json) {
    this.spec = Json.object("specification", json).members();
  }

  byte[] json() {
    return Json.bytes(spec);
  }

  /** Sets a variable, {@code NAME=VALUE}. */
  void env(String variable) {
    int equals = variable.indexOf('=');
    if (equals < 1 || variable.indexOf(0) >= 0) {
      throw new InvalidArgumentException(
          "variable \"" + variable + "\" is not of the form NAME=VALUE");
    }
    List<Object> all = list(map(spec, "process"), "env");
    String name = variable.substring(0, equals + 1);
    all.removeIf(one -> String.valueOf(one).startsWith(name));
    all.add(variable);
  }

  void additionalGid(long gid) {
    List<Object> all = list(map(map(spec, "process"), "user"), "additionalGids");
    if (!all.contains(gid)) {
      all.add(gid);
    }
  }

  /** Adds a device with what may be done with it; it replaces one at the same place. */
  void device(Device device, String access) {
    Map<String, Object> linux = map(spec, "linux");
    List<Object> nodes = list(linux, "devices");
    nodes.removeIf(one -> isAt(one, "path", device.path()));
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("path", device.path());
    node.put("type", device.type());
    node.put("major", device.major());
    node.put("minor", device.minor());
    node.put("fileMode", (long) device.mode());
    node.put("uid", device.uid());
    node.put("gid", device.gid());
    nodes.add(node);
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("allow", true);
    rule.put("type", device.type());
    rule.put("major", device.major());
    rule.put("minor", device.minor());
    rule.put("access", access);
    list(map(linux, "resources"), "devices").add(rule);
  }

  /** Adds a mount; it replaces one at the same place. */
  void mount(String destination, String type, String source, List<String> options) {
    if (!destination.startsWith("/")) {
      throw new InvalidArgumentException(
          "mount destination \"" + destination + "\" is not an absolute path");
    }
    List<Object> all = list(spec, "mounts");
    all.removeIf(one -> isAt(one, "destination", destination));
    Map<String, Object> mount = new LinkedHashMap<>();
    mount.put("destination", destination);
    mount.put("type", type);
    mount.put("source", source);
    mount.put("options", options);
    all.add(mount);
  }

  /** Adds a program that is run at a point of the container's life. */
  void hook(String point, Map<String, Object> program) {
    list(map(spec, "hooks"), point).add(program);
  }

  private static boolean isAt(Object entry, String key, String place) {
    return entry instanceof Map<?, ?> map && place.equals(map.get(key));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Map<String, Object> in, String name) {
    Object present = in.computeIfAbsent(name, _ -> new LinkedHashMap<String, Object>());
    if (present instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new InvalidArgumentException("specification." + name + " is not an object");
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Map<String, Object> in, String name) {
    Object present = in.computeIfAbsent(name, _ -> new ArrayList<>());
    if (present instanceof List<?> list) {
      return (List<Object>) list;
    }
    throw new InvalidArgumentException("specification." + name + " is not a list");
  }
}
