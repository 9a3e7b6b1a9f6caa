package dev.carafe.ctr;

import dev.carafe.oci.Capabilities;
import dev.carafe.oci.HostDevices;
import dev.carafe.oci.RuntimeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the flags of {@code run} change in a specification. */
final class SpecFlags {
  private static final int MAX_HOSTNAME = 63;
  private static final long CPU_PERIOD = 100_000;
  private static final List<String> NAMESPACES =
      List.of("network", "pid", "ipc", "uts", "cgroup", "mount");
  private static final List<String> PROPAGATIONS =
      List.of("private", "rprivate", "slave", "rslave", "shared", "rshared");

  private SpecFlags() {}

  /** Whether this machine has cgroup v2 only. */
  static boolean cgroupV2() {
    return Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
  }

  static void apply(RuntimeSpec spec, Arguments arguments, String id) throws IOException {
    capabilities(spec, arguments);
    String file = arguments.valueOrNull("env-file");
    if (file != null) {
      Files.readAllLines(Path.of(file)).stream()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .forEach(spec::env);
    }
    arguments.values("env").forEach(spec::env);
    arguments.values("mount").forEach(mount -> mount(spec, mount));
    Text.pairs(arguments.values("annotation")).forEach(spec::annotation);
    String cwd = arguments.valueOrNull("cwd");
    if (cwd != null) {
      spec.cwd(cwd);
    }
    limits(spec, arguments);
    devices(spec, arguments);
    String propagation = arguments.value("rootfs-propagation", "");
    if (!propagation.isEmpty()) {
      if (!PROPAGATIONS.contains(propagation)) {
        throw new UsageException("--rootfs-propagation is one of " + PROPAGATIONS);
      }
      spec.rootPropagation(propagation);
    }
    namespaces(spec, arguments, id);
    spec.readOnlyRoot(arguments.has("read-only"));
    spec.terminal(arguments.has("tty"));
  }

  private static void capabilities(RuntimeSpec spec, Arguments arguments) throws IOException {
    if (arguments.has("privileged")) {
      spec.privileged(Capabilities.held(), HostDevices.below(Path.of("/dev")));
    }
    // As Docker orders them: everything, then what goes, then what comes by name.
    List<String> added = new ArrayList<>(arguments.values("cap-add"));
    if (added.removeIf(name -> name.equalsIgnoreCase("ALL"))) {
      Capabilities.held().forEach(spec::addCapability);
    }
    arguments.values("cap-drop").forEach(spec::dropCapability);
    added.forEach(spec::addCapability);
    if (arguments.has("allow-new-privs")) {
      spec.newPrivileges(true);
    }
  }

  private static void namespaces(RuntimeSpec spec, Arguments arguments, String id) {
    if (arguments.has("net-host")) {
      spec.hostNamespace("network");
      for (String file : List.of("/etc/hosts", "/etc/resolv.conf")) {
        if (Files.exists(Path.of(file))) {
          spec.mount(file, "bind", file, "rbind", "ro");
        }
      }
    }
    for (String kind : arguments.values("host-namespace")) {
      if (!List.of("pid", "ipc", "uts").contains(kind)) {
        throw new UsageException("--host-namespace is pid, ipc or uts, not \"" + kind + "\"");
      }
      spec.hostNamespace(kind);
    }
    for (String text : arguments.values("with-ns")) {
      int colon = text.indexOf(':');
      String kind = colon < 0 ? text : text.substring(0, colon);
      if (colon < 0 || !NAMESPACES.contains(kind)) {
        throw new UsageException("--with-ns is KIND:PATH with one of " + NAMESPACES);
      }
      spec.namespacePath(kind, text.substring(colon + 1));
    }
    String name = id.substring(0, Math.min(id.length(), MAX_HOSTNAME)).replace('_', '-');
    spec.hostname(arguments.value("hostname", name));
  }

  private static void limits(RuntimeSpec spec, Arguments arguments) {
    String memory = arguments.valueOrNull("memory");
    if (memory != null) {
      spec.memory(Text.bytes(memory));
    }
    cpu(spec, arguments);
    long pids = arguments.number("pids-limit", 0);
    if (pids > 0) {
      spec.pidsLimit(pids);
    }
  }

  private static void cpu(RuntimeSpec spec, Arguments arguments) {
    Map<String, Object> cpu = new LinkedHashMap<>();
    String cpus = arguments.valueOrNull("cpus");
    if (cpus != null) {
      if (arguments.has("cpu-quota") || arguments.has("cpu-period")) {
        throw new UsageException("--cpus is a quota in a period: no --cpu-quota, no --cpu-period");
      }
      cpu.put("period", CPU_PERIOD);
      cpu.put("quota", Math.max(1000, Math.round(cpus(cpus) * CPU_PERIOD)));
    }
    for (String name : List.of("shares", "quota", "period")) {
      long number = arguments.number("cpu-" + name, 0);
      if (number > 0) {
        cpu.put(name, number);
      }
    }
    for (String name : List.of("cpus", "mems")) {
      String set = arguments.value("cpuset-" + name, "");
      if (!set.isEmpty()) {
        cpu.put(name, set);
      }
    }
    if (!cpu.isEmpty()) {
      spec.resource("cpu", cpu);
    }
  }

  private static void devices(RuntimeSpec spec, Arguments arguments) throws IOException {
    for (String path : arguments.values("device")) {
      spec.device(
          HostDevices.at(Path.of(path))
              .orElseThrow(() -> new UsageException("--device " + path + ": not a device")),
          "rwm");
    }
  }

  private static double cpus(String text) {
    try {
      double number = Double.parseDouble(text);
      if (number > 0 && number <= 100_000) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException("--cpus takes a number like 1.5, not \"" + text + "\"");
    }
    throw new UsageException("--cpus takes a number like 1.5, not \"" + text + "\"");
  }

  /** Reads {@code type=bind,src=/a,dst=/b,options=rbind:ro}. */
  private static void mount(RuntimeSpec spec, String text) {
    Map<String, String> fields = Text.pairs(List.of(text.split(",")));
    String type = fields.getOrDefault("type", "bind");
    String source = first(fields, type, "src", "source");
    String destination = first(fields, "", "dst", "destination", "target");
    if (destination.isEmpty()) {
      throw new UsageException("--mount " + text + ": dst is missing");
    }
    boolean bind = type.equals("bind");
    String options = fields.getOrDefault("options", bind ? "rbind" : "");
    spec.mount(
        destination,
        type,
        bind ? Path.of(source).toAbsolutePath().toString() : source,
        options.isEmpty() ? new String[0] : options.split(":"));
  }

  private static String first(Map<String, String> fields, String otherwise, String... names) {
    for (String name : names) {
      String value = fields.get(name);
      if (value != null) {
        return value;
      }
    }
    return otherwise;
  }
}
