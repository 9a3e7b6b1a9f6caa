package dev.carafe.oci;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container's {@code config.json} in the making (OCI runtime specification 1.1), beginning with
 * what containerd's clients take as default: fourteen capabilities, none inheritable
 * (CVE-2022-24769), new privileges forbidden, the usual mounts, masked and read-only paths.
 */
public final class RuntimeSpec {
  /** The JSON's type on the wire. */
  public static final String TYPE_URL = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final String cgroupsPath;
  private final Map<String, String> env = new LinkedHashMap<>();
  private final List<Map<String, Object>> mounts = new ArrayList<>();
  private final List<String> namespaces =
      new ArrayList<>(List.of("pid", "ipc", "uts", "mount", "network"));
  private final List<String> capabilities = new ArrayList<>(Capabilities.DEFAULT);
  private final Map<String, Object> resources = new LinkedHashMap<>();
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private final List<Device> devices = new ArrayList<>();
  private final Map<String, Object> consoleSize = new LinkedHashMap<>();
  private final Map<String, String> namespacePaths = new LinkedHashMap<>();
  private final Map<String, Object> idMappings = new LinkedHashMap<>();
  private final Map<String, String> sysctls = new LinkedHashMap<>();
  private final List<Map<String, Object>> deviceRules = new ArrayList<>();
  private List<String> ambient = List.of();
  private List<String> masked = SpecParts.MASKED;
  private List<String> readOnlyPaths = SpecParts.READ_ONLY;
  private @Nullable Integer oomScoreAdj;
  private @Nullable Object seccomp;
  private boolean defaultSeccomp;
  private String appArmorProfile = "";
  private String selinuxProcess = "";
  private String selinuxMount = "";
  private boolean fileLimit = true;
  private String rootPropagation = "";
  private List<String> args = List.of();
  private String cwd = "/";
  private ContainerUser user = ContainerUser.ROOT;
  private boolean terminal;
  private boolean readOnly;
  private boolean privileged;
  private boolean newPrivileges;
  private String hostname = "";
  private String rootPath = "rootfs";

  /**
   * Begins a specification.
   *
   * @param cgroupsPath for example {@code /NAMESPACE/ID}
   * @param ownCgroupNamespace true on machines with cgroup v2 only
   */
  public RuntimeSpec(String cgroupsPath, boolean ownCgroupNamespace) {
    this.cgroupsPath = cgroupsPath;
    env(PATH);
    if (ownCgroupNamespace) {
      namespaces.add("cgroup");
    }
    mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev");
    mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
    mount(
        "/dev/pts",
        "devpts",
        "devpts",
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5");
    mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");
    mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
    mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro");
    mount("/run", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
  }

  /** Takes over what an image wants; its user is resolved by the caller. */
  public RuntimeSpec image(ImageConfig image, List<String> command) {
    image.env().forEach(this::env);
    List<String> all = new ArrayList<>(image.entrypoint());
    all.addAll(command.isEmpty() ? image.cmd() : command);
    if (!image.workingDir().isEmpty()) {
      cwd(image.workingDir());
    }
    return args(all);
  }

  public RuntimeSpec args(List<String> command) {
    if (command.isEmpty()) {
      throw new InvalidArgumentException("no command: the image names none and none was given");
    }
    if (command.stream().anyMatch(argument -> argument.indexOf(0) >= 0)) {
      throw new InvalidArgumentException(
          "command " + command.getFirst() + ": an argument holds NUL");
    }
    args = List.copyOf(command);
    return this;
  }

  /** Sets a variable, {@code NAME=VALUE}; {@code NAME} alone removes it. */
  public RuntimeSpec env(String variable) {
    int equals = variable.indexOf('=');
    String name = equals < 0 ? variable : variable.substring(0, equals);
    if (name.isEmpty() || variable.indexOf(0) >= 0) {
      throw new InvalidArgumentException(
          "variable \"" + variable + "\" is not of the form NAME=VALUE");
    }
    if (equals < 0) {
      env.remove(name);
    } else {
      env.put(name, variable.substring(equals + 1));
    }
    return this;
  }

  public RuntimeSpec cwd(String directory) {
    if (!directory.startsWith("/") || directory.indexOf(0) >= 0 || directory.length() > 4096) {
      throw new InvalidArgumentException(
          "working directory \"" + directory + "\" is not an absolute path");
    }
    cwd = directory;
    return this;
  }

  public RuntimeSpec user(ContainerUser runAs) {
    user = runAs;
    return this;
  }

  public RuntimeSpec terminal(boolean wanted) {
    terminal = wanted;
    if (wanted) {
      env.putIfAbsent("TERM", "xterm");
    }
    return this;
  }

  /** The size of the terminal to begin with, in characters. */
  public RuntimeSpec consoleSize(int height, int width) {
    consoleSize.put("height", height);
    consoleSize.put("width", width);
    return this;
  }

  public RuntimeSpec readOnlyRoot(boolean wanted) {
    readOnly = wanted;
    return this;
  }

  /** A prepared directory as the root, in place of mounts. */
  public RuntimeSpec rootPath(String path) {
    rootPath = path;
    return this;
  }

  public RuntimeSpec hostname(String name) {
    if (name.isEmpty() || name.length() > 64 || !name.chars().allMatch(RuntimeSpec::inHostname)) {
      throw new InvalidArgumentException("host name \"" + name + "\" is not well-formed");
    }
    hostname = name;
    return this;
  }

  private static boolean inHostname(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.';
  }

  /** Shares a namespace of the host: {@code network}, {@code pid}, {@code ipc} or {@code uts}. */
  public RuntimeSpec hostNamespace(String kind) {
    namespaces.remove(kind);
    return this;
  }

  /** Joins a namespace that is pinned or another process's. */
  public RuntimeSpec namespacePath(String kind, String path) {
    if (!namespaces.contains(kind)) {
      namespaces.add(kind);
    }
    namespacePaths.put(kind, path);
    return this;
  }

  /** Joins a user namespace that has these {@code uidMappings} and {@code gidMappings}. */
  public RuntimeSpec userNamespace(String path, Map<String, Object> mappings) {
    idMappings.putAll(mappings);
    return namespacePath("user", path);
  }

  /** Sets a kernel parameter of the container's namespaces, {@code net.ipv4.ip_forward}. */
  public RuntimeSpec sysctl(String name, String value) {
    sysctls.put(name, value);
    return this;
  }

  /** Adds a device with what may be done with it, some of {@code rwm}. */
  public RuntimeSpec device(Device device, String access) {
    devices.add(device);
    deviceRules.add(DeviceRules.allow(device.type(), device.major(), device.minor(), access));
    return this;
  }

  /** Paths that are hidden, in place of the default ones. */
  public RuntimeSpec maskedPaths(List<String> paths) {
    masked = List.copyOf(paths);
    return this;
  }

  /** Paths that are read-only, in place of the default ones. */
  public RuntimeSpec readOnlyPaths(List<String> paths) {
    readOnlyPaths = List.copyOf(paths);
    return this;
  }

  /** Capabilities that survive the execution of a program by a user other than root. */
  public RuntimeSpec ambientCapabilities(List<String> names) {
    ambient = names.stream().map(Capabilities::named).toList();
    return this;
  }

  /** Which process the kernel kills first when memory is short, -1000 to 1000. */
  public RuntimeSpec oomScoreAdj(int score) {
    oomScoreAdj = score;
    return this;
  }

  /** The {@code linux.seccomp} object. */
  public RuntimeSpec seccomp(Object profile) {
    seccomp = profile;
    return this;
  }

  /** The profile that AppArmor confines the process with. */
  public RuntimeSpec appArmorProfile(String name) {
    appArmorProfile = name;
    return this;
  }

  /** SELinux's labels of the process and of its root file system. */
  public RuntimeSpec selinux(String process, String mount) {
    selinuxProcess = process;
    selinuxMount = mount;
    return this;
  }

  /** Allows the usual system calls only, and what the capabilities bring with them. */
  public RuntimeSpec defaultSeccomp() {
    defaultSeccomp = true;
    return this;
  }

  /** Leaves limits of open files as the daemon's. */
  public RuntimeSpec withoutFileLimit() {
    fileLimit = false;
    return this;
  }

  /** Sets a part of {@code linux.resources}, for example {@code cpu}. */
  public RuntimeSpec resource(String part, Object value) {
    resources.put(part, value);
    return this;
  }

  public RuntimeSpec newPrivileges(boolean allowed) {
    newPrivileges = allowed;
    return this;
  }

  /**
   * Lifts everything that keeps a container apart from the kernel's knobs.
   *
   * @param held the capabilities that it gets, see {@link Capabilities#held}
   * @param hostDevices the devices that it gets
   */
  public RuntimeSpec privileged(List<String> held, List<Device> hostDevices) {
    privileged = true;
    newPrivileges = true;
    capabilities.clear();
    capabilities.addAll(held);
    devices.addAll(hostDevices);
    return this;
  }

  /** Adds a capability, with or without {@code CAP_}. */
  public RuntimeSpec addCapability(String name) {
    String full = Capabilities.named(name);
    if (!capabilities.contains(full)) {
      capabilities.add(full);
    }
    return this;
  }

  /** Takes a capability away; {@code ALL} takes every one. */
  public RuntimeSpec dropCapability(String name) {
    if (name.equalsIgnoreCase("ALL")) {
      capabilities.clear();
    } else {
      capabilities.remove(Capabilities.named(name));
    }
    return this;
  }

  /** Adds a mount; a later one on the same destination replaces the earlier. */
  public RuntimeSpec mount(String destination, String type, String source, String... options) {
    if (!destination.startsWith("/")) {
      throw new InvalidArgumentException(
          "mount destination \"" + destination + "\" is not an absolute path");
    }
    mounts.removeIf(mount -> destination.equals(mount.get("destination")));
    Map<String, Object> mount = new LinkedHashMap<>();
    mount.put("destination", destination);
    mount.put("type", type);
    mount.put("source", source);
    mount.put("options", List.of(options));
    mounts.add(mount);
    return this;
  }

  /** Has the mount that was added last show other ids: {@code uidMappings}, {@code gidMappings}. */
  public RuntimeSpec mapIds(Map<String, Object> mappings) {
    mounts.getLast().putAll(mappings);
    return this;
  }

  /** Takes a mount away. */
  public RuntimeSpec withoutMount(String destination) {
    mounts.removeIf(mount -> destination.equals(mount.get("destination")));
    return this;
  }

  /** How mounts in the container and on the host see each other, for example {@code rslave}. */
  public RuntimeSpec rootPropagation(String propagation) {
    rootPropagation = propagation;
    return this;
  }

  /**
   * Limits memory.
   *
   * @param bytes more than 0
   */
  public RuntimeSpec memory(long bytes) {
    resources.put("memory", Map.of("limit", bytes));
    return this;
  }

  /**
   * Limits CPU time.
   *
   * @param cpus for example 1.5
   */
  public RuntimeSpec cpus(double cpus) {
    long period = 100_000;
    Map<String, Object> cpu = new LinkedHashMap<>();
    cpu.put("period", period);
    cpu.put("quota", Math.max(1000, Math.round(cpus * period)));
    resources.put("cpu", cpu);
    return this;
  }

  public RuntimeSpec pidsLimit(long limit) {
    resources.put("pids", Map.of("limit", limit));
    return this;
  }

  public RuntimeSpec annotation(String key, String value) {
    annotations.put(key, value);
    return this;
  }

  private Map<String, Object> process() {
    Map<String, Object> process = new LinkedHashMap<>();
    process.put("terminal", terminal);
    if (!consoleSize.isEmpty()) {
      process.put("consoleSize", consoleSize);
    }
    process.put("user", user.json());
    process.put("args", args);
    process.put("env", env.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    process.put("cwd", cwd);
    Map<String, Object> sets = new LinkedHashMap<>();
    for (String set : List.of("bounding", "effective", "permitted")) {
      sets.put(set, capabilities);
    }
    if (!ambient.isEmpty()) {
      sets.put("ambient", ambient);
      sets.put("inheritable", ambient);
    }
    process.put("capabilities", sets);
    if (fileLimit) {
      process.put(
          "rlimits", List.of(Map.of("type", "RLIMIT_NOFILE", "hard", 1024L, "soft", 1024L)));
    }
    if (oomScoreAdj != null) {
      process.put("oomScoreAdj", oomScoreAdj);
    }
    process.put("noNewPrivileges", !newPrivileges);
    if (!appArmorProfile.isEmpty()) {
      process.put("apparmorProfile", appArmorProfile);
    }
    if (!selinuxProcess.isEmpty()) {
      process.put("selinuxLabel", selinuxProcess);
    }
    return process;
  }

  /** The whole specification. */
  public byte[] json() {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("ociVersion", "1.1.0");
    spec.put("process", process());
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("path", rootPath);
    root.put("readonly", readOnly);
    spec.put("root", root);
    if (!hostname.isEmpty() && namespaces.contains("uts")) {
      spec.put("hostname", hostname);
    }
    spec.put("mounts", privileged ? SpecParts.writable(mounts) : mounts);
    if (!annotations.isEmpty()) {
      spec.put("annotations", annotations);
    }
    spec.put("linux", linux());
    return Json.bytes(spec);
  }

  private Map<String, Object> linux() {
    Map<String, Object> linux = new LinkedHashMap<>();
    Map<String, Object> limits = new LinkedHashMap<>();
    limits.put("devices", privileged ? DeviceRules.ALL : DeviceRules.with(deviceRules));
    limits.putAll(resources);
    linux.put("resources", limits);
    linux.put("cgroupsPath", cgroupsPath);
    if (!devices.isEmpty()) {
      linux.put("devices", devices.stream().map(SpecParts::node).toList());
    }
    linux.putAll(idMappings);
    linux.put("namespaces", namespaces.stream().map(this::namespace).toList());
    if (!rootPropagation.isEmpty()) {
      linux.put("rootfsPropagation", rootPropagation);
    }
    if (!selinuxMount.isEmpty()) {
      linux.put("mountLabel", selinuxMount);
    }
    if (!sysctls.isEmpty()) {
      linux.put("sysctl", sysctls);
    }
    if (defaultSeccomp) {
      linux.put("seccomp", SeccompProfile.ofDefault(capabilities));
    } else if (seccomp != null) {
      linux.put("seccomp", seccomp);
    }
    if (!privileged) {
      linux.put("maskedPaths", masked);
      linux.put("readonlyPaths", readOnlyPaths);
    }
    return linux;
  }

  private Map<String, String> namespace(String kind) {
    String path = namespacePaths.get(kind);
    return path == null ? Map.of("type", kind) : Map.of("type", kind, "path", path);
  }
}
