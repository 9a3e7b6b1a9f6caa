package dev.carafe.plugin.nri;

import static dev.carafe.plugin.nri.Removal.isRemoval;
import static dev.carafe.plugin.nri.Removal.target;

import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.Hook;
import dev.carafe.api.nri.v1alpha1.Hooks;
import dev.carafe.api.nri.v1alpha1.IOPrioClass;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.LinuxContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.LinuxDevice;
import dev.carafe.api.nri.v1alpha1.LinuxMemoryPolicy;
import dev.carafe.api.nri.v1alpha1.LinuxNamespace;
import dev.carafe.api.nri.v1alpha1.LinuxNetDevice;
import dev.carafe.api.nri.v1alpha1.LinuxRdt;
import dev.carafe.api.nri.v1alpha1.LinuxScheduler;
import dev.carafe.api.nri.v1alpha1.LinuxSeccomp;
import dev.carafe.api.nri.v1alpha1.LinuxSeccompArg;
import dev.carafe.api.nri.v1alpha1.LinuxSyscall;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Changes an OCI runtime specification as a plugin wants it. */
final class SpecEditor {
  private final Map<String, Object> spec;
  private final Map<String, Object> process;
  private final Map<String, Object> linux;

  /**
   * @param spec is changed in place
   */
  SpecEditor(Map<String, Object> spec) {
    this.spec = spec;
    this.process = Members.child(spec, "process");
    this.linux = Members.child(spec, "linux");
  }

  /**
   * Makes all changes.
   *
   * @throws InvalidArgumentException if what is wanted cannot be put into a specification; then
   *     some of it may have been
   */
  void apply(ContainerAdjustment wanted) {
    texts(spec, "annotations", wanted.getAnnotationsMap());
    Removal.effective(wanted.getEnvList(), KeyValue::getKey).forEach(this::env);
    if (wanted.getArgsCount() > 0) {
      process.put("args", new ArrayList<>(wanted.getArgsList()));
    }
    hooks(wanted.getHooks());
    linux(wanted.getLinux());
    mounts(wanted.getMountsList());
    for (POSIXRlimit limit : wanted.getRlimitsList()) {
      Map<String, Object> json = Members.map("type", limit.getType());
      json.put("hard", Numbers.unsigned(limit.getHard()));
      json.put("soft", Numbers.unsigned(limit.getSoft()));
      Members.replace(Members.list(process, "rlimits"), "type", json);
    }
  }

  private static void texts(Map<String, Object> parent, String name, Map<String, String> wanted) {
    if (wanted.isEmpty()) {
      return;
    }
    Map<String, Object> present = Members.child(parent, name);
    // What one plugin both removes and sets is set.
    wanted.keySet().stream().filter(Removal::isRemoval).forEach(key -> present.remove(target(key)));
    wanted.forEach((key, value) -> {
      if (!isRemoval(key)) {
        present.put(key, value);
      }
    });
  }

  private void env(KeyValue variable) {
    String name = target(variable.getKey());
    if (name.isEmpty() || name.indexOf('=') >= 0) {
      throw new InvalidArgumentException("variable \"" + name + "\" has no well-formed name");
    }
    List<Object> env = Members.list(process, "env");
    int at = -1;
    for (int i = 0; i < env.size(); i++) {
      if (env.get(i) instanceof String text && text.startsWith(name + "=")) {
        at = i;
      }
    }
    if (isRemoval(variable.getKey())) {
      env.removeIf(one -> one instanceof String text && text.startsWith(name + "="));
    } else if (at >= 0) {
      env.set(at, name + "=" + variable.getValue());
    } else {
      env.add(name + "=" + variable.getValue());
    }
  }

  private void hooks(Hooks hooks) {
    hooks("prestart", hooks.getPrestartList());
    hooks("createRuntime", hooks.getCreateRuntimeList());
    hooks("createContainer", hooks.getCreateContainerList());
    hooks("startContainer", hooks.getStartContainerList());
    hooks("poststart", hooks.getPoststartList());
    hooks("poststop", hooks.getPoststopList());
  }

  private void hooks(String moment, List<Hook> hooks) {
    for (Hook hook : hooks) {
      Map<String, Object> json = Members.map("path", absolute("hook", hook.getPath()));
      if (hook.getArgsCount() > 0) {
        json.put("args", List.copyOf(hook.getArgsList()));
      }
      if (hook.getEnvCount() > 0) {
        json.put("env", List.copyOf(hook.getEnvList()));
      }
      if (hook.hasTimeout()) {
        json.put("timeout", hook.getTimeout().getValue());
      }
      Members.list(Members.child(spec, "hooks"), moment).add(json);
    }
  }

  private void mounts(List<Mount> wanted) {
    if (wanted.isEmpty()) {
      return;
    }
    List<Object> mounts = Members.list(spec, "mounts");
    for (Mount mount : wanted) {
      Members.remove(mounts, "destination", target(mount.getDestination()));
    }
    for (Mount mount : wanted) {
      if (!isRemoval(mount.getDestination())) {
        Map<String, Object> json =
            Members.map("destination", absolute("mount", mount.getDestination()));
        json.put("type", mount.getType());
        json.put("source", mount.getSource());
        json.put("options", List.copyOf(mount.getOptionsList()));
        Members.replace(mounts, "destination", json);
        propagate(mount.getOptionsList());
      }
    }
    // What lies below another mount comes after it.
    mounts.sort(Comparator.comparingLong(SpecEditor::depth));
  }

  private static long depth(Object mount) {
    return mount instanceof Map<?, ?> map && map.get("destination") instanceof String text
        ? text.chars().filter(c -> c == '/').count() - (text.equals("/") ? 1 : 0)
        : 0;
  }

  /** A mount that others are to see needs a root that lets them. */
  private void propagate(List<String> options) {
    Object root = linux.get("rootfsPropagation");
    if (options.contains("rshared") || options.contains("shared")) {
      linux.put("rootfsPropagation", "rshared");
    } else if ((options.contains("rslave") || options.contains("slave"))
        && !"rshared".equals(root)) {
      linux.put("rootfsPropagation", "rslave");
    }
  }

  private void linux(LinuxContainerAdjustment wanted) {
    Removal.effective(wanted.getDevicesList(), LinuxDevice::getPath).forEach(this::device);
    resources(wanted);
    if (!wanted.getCgroupsPath().isEmpty()) {
      linux.put("cgroupsPath", cgroup(wanted.getCgroupsPath()));
    }
    if (wanted.hasOomScoreAdj()) {
      process.put("oomScoreAdj", Math.clamp(wanted.getOomScoreAdj().getValue(), -1000, 1000));
    }
    if (wanted.hasIoPriority()) {
      IOPrioClass of = wanted.getIoPriority().getClass_();
      if (of == IOPrioClass.IOPRIO_CLASS_NONE) {
        process.remove("ioPriority");
      } else {
        Map<String, Object> json = Members.map("class", name("I/O priority", of));
        json.put("priority", wanted.getIoPriority().getPriority());
        process.put("ioPriority", json);
      }
    }
    if (wanted.hasSeccompPolicy()) {
      linux.put("seccomp", seccomp(wanted.getSeccompPolicy()));
    }
    Removal.effective(wanted.getNamespacesList(), LinuxNamespace::getType).forEach(this::namespace);
    texts(linux, "sysctl", wanted.getSysctlMap());
    netDevices(wanted.getNetDevicesMap());
    if (wanted.hasScheduler()) {
      process.put("scheduler", scheduler(wanted.getScheduler()));
    }
    if (wanted.hasRdt()) {
      rdt(wanted.getRdt());
    }
    if (wanted.hasMemoryPolicy()) {
      linux.put("memoryPolicy", memoryPolicy(wanted.getMemoryPolicy()));
    }
  }

  private void resources(LinuxContainerAdjustment wanted) {
    if (!wanted.hasResources()) {
      return;
    }
    if (wanted.getResources().hasBlockioClass()
        && !wanted.getResources().getBlockioClass().getValue().isEmpty()) {
      throw new InvalidArgumentException(
          "block I/O class \""
              + wanted.getResources().getBlockioClass().getValue()
              + "\" is not configured: there are no such classes");
    }
    Limits.overlay(Members.child(linux, "resources"), wanted.getResources());
    if (wanted.getResources().hasRdtClass()) {
      String of = wanted.getResources().getRdtClass().getValue();
      if (of.isEmpty()) {
        linux.remove("intelRdt");
      } else {
        Members.child(linux, "intelRdt").put("closID", of);
      }
    }
  }

  private void device(LinuxDevice device) {
    List<Object> devices = Members.list(linux, "devices");
    String path = target(device.getPath());
    Members.remove(devices, "path", path);
    if (isRemoval(device.getPath())) {
      return;
    }
    if (!List.of("b", "c", "u", "p").contains(device.getType())) {
      throw new InvalidArgumentException(
          "device \"" + path + "\": type \"" + device.getType() + "\" is none of b, c, u, p");
    }
    Map<String, Object> json = Members.map("path", absolute("device", path));
    json.put("type", device.getType());
    json.put("major", device.getMajor());
    json.put("minor", device.getMinor());
    if (device.hasFileMode()) {
      json.put("fileMode", Integer.toUnsignedLong(device.getFileMode().getValue()));
    }
    if (device.hasUid()) {
      json.put("uid", Integer.toUnsignedLong(device.getUid().getValue()));
    }
    if (device.hasGid()) {
      json.put("gid", Integer.toUnsignedLong(device.getGid().getValue()));
    }
    devices.add(json);
    if (!device.getType().equals("p")) {
      Map<String, Object> rule = Members.map("allow", true);
      rule.put("type", device.getType().equals("u") ? "c" : device.getType());
      rule.put("major", device.getMajor());
      rule.put("minor", device.getMinor());
      rule.put("access", "rwm");
      Members.list(Members.child(linux, "resources"), "devices").add(rule);
    }
  }

  private static String cgroup(String path) {
    if (List.of(path.split("/")).contains("..")) {
      throw new InvalidArgumentException("cgroup \"" + path + "\" leads upwards");
    }
    return path;
  }

  private void namespace(LinuxNamespace wanted) {
    List<Object> namespaces = Members.list(linux, "namespaces");
    String type = target(wanted.getType());
    Members.remove(namespaces, "type", type);
    if (!isRemoval(wanted.getType())) {
      Map<String, Object> json = Members.map("type", type);
      if (!wanted.getPath().isEmpty()) {
        json.put("path", absolute("namespace " + type, wanted.getPath()));
      }
      namespaces.add(json);
    }
  }

  private void netDevices(Map<String, LinuxNetDevice> wanted) {
    if (wanted.isEmpty()) {
      return;
    }
    Map<String, Object> devices = Members.child(linux, "netDevices");
    wanted.keySet().stream().filter(Removal::isRemoval).forEach(key -> devices.remove(target(key)));
    wanted.forEach((key, device) -> {
      if (!isRemoval(key)) {
        devices.put(
            key,
            device.getName().isEmpty()
                ? new LinkedHashMap<>()
                : Members.map("name", device.getName()));
      }
    });
    if (devices.isEmpty()) {
      linux.remove("netDevices");
    }
  }

  private void rdt(LinuxRdt wanted) {
    if (wanted.getRemove()) {
      linux.remove("intelRdt");
    }
    if (wanted.hasClosId()) {
      Members.child(linux, "intelRdt").put("closID", wanted.getClosId().getValue());
    }
    if (wanted.hasSchemata()) {
      Members.child(linux, "intelRdt")
          .put("schemata", List.copyOf(wanted.getSchemata().getValueList()));
    }
    if (wanted.hasEnableMonitoring()) {
      Members.child(linux, "intelRdt")
          .put("enableMonitoring", wanted.getEnableMonitoring().getValue());
    }
  }

  private static Map<String, Object> scheduler(LinuxScheduler wanted) {
    Map<String, Object> json = Members.map("policy", name("scheduler", wanted.getPolicy()));
    json.put("nice", wanted.getNice());
    json.put("priority", wanted.getPriority());
    if (wanted.getFlagsCount() > 0) {
      json.put(
          "flags",
          wanted.getFlagsList().stream().map(flag -> name("scheduler flag", flag)).toList());
    }
    json.put("runtime", Numbers.unsigned(wanted.getRuntime()));
    json.put("deadline", Numbers.unsigned(wanted.getDeadline()));
    json.put("period", Numbers.unsigned(wanted.getPeriod()));
    return json;
  }

  private static Map<String, Object> memoryPolicy(LinuxMemoryPolicy wanted) {
    Map<String, Object> json = Members.map("mode", name("memory policy", wanted.getMode()));
    if (!wanted.getNodes().isEmpty()) {
      json.put("nodes", wanted.getNodes());
    }
    if (wanted.getFlagsCount() > 0) {
      json.put(
          "flags",
          wanted.getFlagsList().stream().map(flag -> name("memory policy flag", flag)).toList());
    }
    return json;
  }

  private static Map<String, Object> seccomp(LinuxSeccomp wanted) {
    Map<String, Object> json = Members.map("defaultAction", wanted.getDefaultAction());
    if (wanted.hasDefaultErrno()) {
      json.put("defaultErrnoRet", Integer.toUnsignedLong(wanted.getDefaultErrno().getValue()));
    }
    if (wanted.getArchitecturesCount() > 0) {
      json.put("architectures", List.copyOf(wanted.getArchitecturesList()));
    }
    if (wanted.getFlagsCount() > 0) {
      json.put("flags", List.copyOf(wanted.getFlagsList()));
    }
    if (!wanted.getListenerPath().isEmpty()) {
      json.put("listenerPath", wanted.getListenerPath());
      json.put("listenerMetadata", wanted.getListenerMetadata());
    }
    json.put("syscalls", wanted.getSyscallsList().stream().map(SpecEditor::syscall).toList());
    return json;
  }

  private static Map<String, Object> syscall(LinuxSyscall wanted) {
    Map<String, Object> json = Members.map("names", List.copyOf(wanted.getNamesList()));
    json.put("action", wanted.getAction());
    if (wanted.hasErrnoRet()) {
      json.put("errnoRet", Integer.toUnsignedLong(wanted.getErrnoRet().getValue()));
    }
    if (wanted.getArgsCount() > 0) {
      json.put("args", wanted.getArgsList().stream().map(SpecEditor::argument).toList());
    }
    return json;
  }

  private static Map<String, Object> argument(LinuxSeccompArg wanted) {
    Map<String, Object> json = Members.map("index", Integer.toUnsignedLong(wanted.getIndex()));
    json.put("value", Numbers.unsigned(wanted.getValue()));
    json.put("valueTwo", Numbers.unsigned(wanted.getValueTwo()));
    json.put("op", wanted.getOp());
    return json;
  }

  private static String absolute(String what, String path) {
    if (!path.startsWith("/")) {
      throw new InvalidArgumentException(what + ": \"" + path + "\" is not an absolute path");
    }
    return path;
  }

  private static String name(String what, Enum<?> value) {
    if (value.name().equals("UNRECOGNIZED")) {
      throw new InvalidArgumentException(what + ": value is unknown");
    }
    return value.name();
  }
}
