package dev.carafe.ctr;

import dev.carafe.oci.RuntimeSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the flags of {@code run} change in a specification. */
final class SpecFlags {
  private SpecFlags() {}

  /** Whether this machine has cgroup v2 only. */
  static boolean cgroupV2() {
    return Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
  }

  static void apply(RuntimeSpec spec, Arguments arguments, String id) {
    if (arguments.has("privileged")) {
      spec.privileged();
    }
    arguments.values("cap-add").forEach(spec::addCapability);
    arguments.values("cap-drop").forEach(spec::dropCapability);
    arguments.values("env").forEach(spec::env);
    arguments.values("mount").forEach(mount -> mount(spec, mount));
    String cwd = arguments.valueOrNull("cwd");
    if (cwd != null) {
      spec.cwd(cwd);
    }
    String memory = arguments.valueOrNull("memory");
    if (memory != null) {
      spec.memory(Text.bytes(memory));
    }
    limits(spec, arguments);
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
    spec.hostname(arguments.value("hostname", id.length() > 64 ? id.substring(0, 64) : id.replace('_', '-')));
    if (arguments.has("allow-new-privs")) {
      spec.newPrivileges(true);
    }
    Text.pairs(arguments.values("annotation")).forEach(spec::annotation);
    spec.readOnlyRoot(arguments.has("read-only"));
    spec.terminal(arguments.has("tty"));
  }

  private static void limits(RuntimeSpec spec, Arguments arguments) {
    try {
      String cpus = arguments.valueOrNull("cpus");
      if (cpus != null) {
        double number = Double.parseDouble(cpus);
        if (!(number > 0 && number <= 100_000)) {
          throw new UsageException("--cpus " + cpus + " is not more than 0");
        }
        spec.cpus(number);
      }
      String pids = arguments.valueOrNull("pids-limit");
      if (pids != null) {
        spec.pidsLimit(Long.parseLong(pids));
      }
    } catch (NumberFormatException e) {
      throw new UsageException("--cpus and --pids-limit take a number");
    }
  }

  /** Reads {@code type=bind,src=/a,dst=/b,options=rbind:ro}. */
  private static void mount(RuntimeSpec spec, String text) {
    Map<String, String> fields = Text.pairs(List.of(text.split(",")));
    String type = fields.getOrDefault("type", "bind");
    String source = fields.getOrDefault("src", fields.getOrDefault("source", type));
    String destination =
        fields.getOrDefault("dst", fields.getOrDefault("destination", fields.getOrDefault("target", "")));
    if (destination.isEmpty()) {
      throw new UsageException("--mount " + text + ": dst is missing");
    }
    String options = fields.getOrDefault("options", type.equals("bind") ? "rbind" : "");
    spec.mount(destination, type, source, options.isEmpty() ? new String[0] : options.split(":"));
  }
}
