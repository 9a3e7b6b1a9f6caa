package dev.carafe.cri;

import dev.carafe.api.cri.v1.CDIDevice;
import dev.carafe.api.cri.v1.Capability;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.Device;
import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.Mount;
import dev.carafe.api.cri.v1.MountPropagation;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.linux.OomScore;
import dev.carafe.oci.Capabilities;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.HostDevices;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.resources.PossibleLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The specification of a container of a pod. */
final class ContainerSpec {
  private static final Path DEVICES = Path.of("/dev");
  private static final int LARGEST_PROFILE = 1 << 20;

  private final Pod pod;
  private final ContainerConfig config;
  private final CriImage image;
  private final Shared shared;
  private final CdiDevices cdi;
  private final Confinement confinement;
  private final SELinuxOption labels;

  /**
   * What the pod lends to its containers.
   *
   * @param namespaces paths by the OCI names: {@code network}, {@code ipc}, {@code uts}, and {@code
   *     pid} where the container shares the pod's
   * @param target pid of the container whose processes are to be seen; 0 for none
   * @param volumes directories for the image's volumes, by their place in the container
   * @param imageVolumes where the images that are volumes are mounted, likewise
   * @param machine what this machine can limit
   * @param mapsMounts whether the runtime can map the ids of mounts
   * @param handler what is configured for the pod's runtime handler
   */
  record Shared(
      Map<String, String> namespaces,
      long target,
      Path resolvConf,
      Path hostname,
      Path shm,
      Map<String, Path> volumes,
      Map<String, Path> imageVolumes,
      String cgroupsPath,
      PossibleLimits machine,
      boolean mapsMounts,
      CriConfig.Handler handler) {}

  ContainerSpec(
      Pod pod,
      ContainerConfig config,
      CriImage image,
      Shared shared,
      CdiDevices cdi,
      Confinement confinement) {
    this.pod = pod;
    this.config = config;
    this.image = image;
    this.shared = shared;
    this.cdi = cdi;
    this.confinement = confinement;
    this.labels =
        SeLinux.options(
            config.getLinux().getSecurityContext().getSelinuxOptions(),
            pod.config().getLinux().getSecurityContext().getSelinuxOptions());
  }

  byte[] json(ContainerUser user) {
    LinuxContainerSecurityContext security = config.getLinux().getSecurityContext();
    RuntimeSpec spec =
        new RuntimeSpec(
            shared.cgroupsPath(), shared.machine().unified() && !security.getPrivileged());
    spec.withoutFileLimit().withoutMount("/run");
    process(spec, user);
    namespaces(spec, security.getNamespaceOptions());
    mounts(spec, security);
    security(spec, security);
    Resources.possible(Resources.of(config.getLinux().getResources()), shared.machine())
        .forEach(spec::resource);
    int score = (int) config.getLinux().getResources().getOomScoreAdj();
    spec.oomScoreAdj(Math.clamp(score, OomScore.floor(), 1000));
    annotations(spec);
    return cdi.apply(
        spec.json(), config.getCDIDevicesList().stream().map(CDIDevice::getName).toList());
  }

  private void process(RuntimeSpec spec, ContainerUser user) {
    image.config().env().forEach(spec::env);
    config
        .getEnvsList()
        .forEach(variable ->
            spec.env(
                variable.getKey() + "=" + variable.getValue().toString(StandardCharsets.UTF_8)));
    List<String> arguments = new ArrayList<>();
    if (config.getCommandCount() > 0) {
      arguments.addAll(config.getCommandList());
      arguments.addAll(config.getArgsList());
    } else {
      arguments.addAll(image.config().entrypoint());
      arguments.addAll(config.getArgsCount() > 0 ? config.getArgsList() : image.config().cmd());
    }
    spec.args(arguments);
    String directory =
        config.getWorkingDir().isEmpty() ? image.config().workingDir() : config.getWorkingDir();
    if (!directory.isEmpty()) {
      spec.cwd(directory);
    }
    spec.user(user).terminal(config.getTty());
    if (!pod.config().getHostname().isEmpty() && !pod.hostNetwork()) {
      spec.env("HOSTNAME=" + pod.config().getHostname());
    }
  }

  private void namespaces(RuntimeSpec spec, NamespaceOption options) {
    String hostname = pod.config().getHostname();
    shared
        .namespaces()
        .forEach((kind, path) -> {
          if (!kind.equals("user")) {
            spec.namespacePath(kind, path);
          }
        });
    if (pod.hostNetwork()) {
      spec.hostNamespace("network");
    }
    if (pod.hostIpc()) {
      spec.hostNamespace("ipc");
    }
    if (pod.hostNetwork()) {
      spec.hostNamespace("uts");
    } else if (!shared.namespaces().containsKey("uts") && !hostname.isEmpty()) {
      spec.hostname(hostname);
    }
    switch (options.getPid()) {
      case NODE -> spec.hostNamespace("pid");
      case TARGET -> spec.namespacePath("pid", "/proc/" + shared.target() + "/ns/pid");
      case CONTAINER -> {}
      case POD -> {
        if (!shared.namespaces().containsKey("pid")) {
          spec.hostNamespace("pid");
        }
      }
      case UNRECOGNIZED ->
          throw new InvalidArgumentException("container: pid namespace mode is unknown");
    }
    Bounds.checkUserNamespace("container", options);
    if (options.hasUsernsOptions() && !Objects.equals(PodUsers.of(options), PodUsers.of(pod))) {
      throw new InvalidArgumentException("container: user namespace is not that of its pod");
    }
    PodUsers.join(spec, pod, shared.namespaces());
  }

  private void mounts(RuntimeSpec spec, LinuxContainerSecurityContext security) {
    spec.mount("/dev/shm", "bind", shared.shm().toString(), "rbind", "rprivate");
    if (!pod.hostIpc()) {
      confinement.relabel(shared.shm(), security, labels);
    }
    String access = security.getReadonlyRootfs() ? "ro" : "rw";
    bindIfThere(spec, "/etc/resolv.conf", shared.resolvConf(), access);
    bindIfThere(spec, "/etc/hostname", shared.hostname(), access);
    shared.volumes().forEach((place, directory) -> volume(spec, security, place, directory));
    if (security.getPrivileged()) {
      spec.mount(
          "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "rw");
    } else {
      spec.mount(
          "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro");
    }
    List<Mount> wanted = new ArrayList<>(config.getMountsList());
    wanted.sort(Comparator.comparingLong(m -> Path.of(m.getContainerPath()).getNameCount()));
    wanted.forEach(mount -> {
      Path image = shared.imageVolumes().get(mount.getContainerPath());
      if (image != null) {
        spec.mount(mount.getContainerPath(), "bind", image.toString(), "rbind", "rprivate", "ro");
      } else {
        mount(spec, mount);
        mapIds(spec, mount);
      }
    });
  }

  private void bindIfThere(RuntimeSpec spec, String place, Path file, String access) {
    if (Files.exists(file)) {
      confinement.relabel(file, config.getLinux().getSecurityContext(), labels);
      spec.mount(place, "bind", file.toString(), "rbind", "rprivate", access);
    }
  }

  private void volume(
      RuntimeSpec spec, LinuxContainerSecurityContext security, String place, Path directory) {
    confinement.relabel(directory, security, labels);
    spec.mount(place, "bind", directory.toString(), "rbind", "rprivate", "rw");
  }

  private void mount(RuntimeSpec spec, Mount mount) {
    String place = mount.getContainerPath();
    boolean writable = !mount.getReadonly();
    boolean recursive = mount.getRecursiveReadOnly();
    if (recursive && (writable || mount.getPropagation() != MountPropagation.PROPAGATION_PRIVATE)) {
      throw new InvalidArgumentException(
          "container: mount \""
              + place
              + "\": recursively read-only needs to be read-only and private");
    }
    List<String> options = new ArrayList<>(List.of("rbind"));
    switch (mount.getPropagation()) {
      case PROPAGATION_PRIVATE -> options.add("rprivate");
      case PROPAGATION_HOST_TO_CONTAINER -> {
        options.add("rslave");
        spec.rootPropagation("rslave");
      }
      case PROPAGATION_BIDIRECTIONAL -> {
        options.add("rshared");
        spec.rootPropagation("rshared");
      }
      case UNRECOGNIZED ->
          throw new InvalidArgumentException(
              "container: mount \"" + place + "\": propagation is unknown");
    }
    options.add(recursive ? "rro" : writable ? "rw" : "ro");
    String source = source(mount);
    if (mount.getSelinuxRelabel()) {
      confinement.relabel(Path.of(source), config.getLinux().getSecurityContext(), labels);
    }
    spec.mount(place, "bind", source, options.toArray(String[]::new));
  }

  private void mapIds(RuntimeSpec spec, Mount mount) {
    try {
      Map<String, Object> mappings =
          PodUsers.specification(mount.getUidMappingsList(), mount.getGidMappingsList());
      if (mappings == null) {
        return;
      }
      if (!shared.mapsMounts()) {
        throw new FailedPreconditionException(
            "container: mount \""
                + mount.getContainerPath()
                + "\": the runtime handler cannot map the ids of mounts");
      }
      spec.mapIds(mappings);
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException(
          "container: mount \"" + mount.getContainerPath() + "\": " + e.getMessage(), e);
    }
  }

  /** Directories that are not there are made, as Docker made them. */
  private static String source(Mount mount) {
    Path path = Path.of(mount.getHostPath());
    if (!path.isAbsolute()) {
      throw new InvalidArgumentException(
          "container: mount \""
              + mount.getContainerPath()
              + "\": host path \""
              + mount.getHostPath()
              + "\" is not absolute");
    }
    try {
      if (!Files.exists(path)) {
        Files.createDirectories(path);
      }
      return path.toRealPath().toString();
    } catch (IOException e) {
      throw new FailedPreconditionException(
          "container: mount \"" + mount.getContainerPath() + "\": host path: " + e.getMessage(), e);
    }
  }

  private void security(RuntimeSpec spec, LinuxContainerSecurityContext security) {
    spec.newPrivileges(!security.getNoNewPrivs());
    spec.readOnlyRoot(security.getReadonlyRootfs());
    if (security.getPrivileged()) {
      if (!pod.config().getLinux().getSecurityContext().getPrivileged()) {
        throw new InvalidArgumentException(
            "container: privileged, but its sandbox does not allow that");
      }
      try {
        spec.privileged(Capabilities.held(), HostDevices.below(DEVICES));
      } catch (IOException e) {
        throw new UncheckedIOException("devices of the host", e);
      }
    } else {
      // Of a kubelet that says nothing of one of them but speaks of namespaces, it is meant so.
      if (security.getMaskedPathsCount() > 0 || security.hasNamespaceOptions()) {
        spec.maskedPaths(security.getMaskedPathsList());
      }
      if (security.getReadonlyPathsCount() > 0 || security.hasNamespaceOptions()) {
        spec.readOnlyPaths(security.getReadonlyPathsList());
      }
      capabilities(spec, security.getCapabilities());
      config.getDevicesList().forEach(device -> device(spec, device));
      seccomp(spec, security);
    }
    confinement.apply(spec, security, labels);
    pod.config().getLinux().getSysctlsMap().forEach((k, v) -> spec.sysctl(k.replace('/', '.'), v));
  }

  private static void capabilities(RuntimeSpec spec, Capability wanted) {
    List<String> drops = wanted.getDropCapabilitiesList();
    List<String> adds = wanted.getAddCapabilitiesList();
    if (adds.stream().anyMatch("ALL"::equalsIgnoreCase)) {
      try {
        Capabilities.held().forEach(spec::addCapability);
      } catch (IOException e) {
        throw new UncheckedIOException("capabilities of the daemon", e);
      }
    }
    if (drops.stream().anyMatch("ALL"::equalsIgnoreCase)) {
      spec.dropCapability("ALL");
    }
    adds.stream().filter(name -> !name.equalsIgnoreCase("ALL")).forEach(spec::addCapability);
    drops.stream().filter(name -> !name.equalsIgnoreCase("ALL")).forEach(spec::dropCapability);
    if (wanted.getAddAmbientCapabilitiesCount() > 0) {
      spec.ambientCapabilities(wanted.getAddAmbientCapabilitiesList());
    }
  }

  private static void device(RuntimeSpec spec, Device wanted) {
    Path host = Path.of(wanted.getHostPath());
    String place =
        wanted.getContainerPath().isEmpty() ? wanted.getHostPath() : wanted.getContainerPath();
    String access = wanted.getPermissions().isEmpty() ? "rwm" : wanted.getPermissions();
    if (!access.matches("[rwm]{1,3}")) {
      throw new InvalidArgumentException(
          "container: device \"" + wanted.getHostPath() + "\": permissions are not some of rwm");
    }
    try {
      dev.carafe.oci.Device found =
          HostDevices.at(host)
              .orElseThrow(() ->
                  new InvalidArgumentException(
                      "container: device \"" + wanted.getHostPath() + "\" is no device"));
      spec.device(
          new dev.carafe.oci.Device(
              place,
              found.type(),
              found.major(),
              found.minor(),
              found.mode(),
              found.uid(),
              found.gid()),
          access);
    } catch (IOException e) {
      throw new InvalidArgumentException(
          "container: device \"" + wanted.getHostPath() + "\": " + e.getMessage(), e);
    }
  }

  private static void seccomp(RuntimeSpec spec, LinuxContainerSecurityContext security) {
    if (!security.hasSeccomp()) {
      return;
    }
    switch (security.getSeccomp().getProfileType()) {
      case Unconfined -> {}
      case RuntimeDefault -> spec.defaultSeccomp();
      case Localhost -> localSeccomp(spec, security.getSeccomp().getLocalhostRef());
      case UNRECOGNIZED ->
          throw new InvalidArgumentException("container: seccomp profile type is unknown");
    }
  }

  private static void localSeccomp(RuntimeSpec spec, String reference) {
    Path file = Path.of(reference.startsWith("localhost/") ? reference.substring(10) : reference);
    if (!file.isAbsolute() || !Files.isRegularFile(file)) {
      throw new InvalidArgumentException(
          "container: seccomp profile \"" + file + "\" is not the path of a file");
    }
    try {
      if (Files.size(file) > LARGEST_PROFILE) {
        throw new InvalidArgumentException(
            "container: seccomp profile \"" + file + "\" is larger than 1 MiB");
      }
      JsonObject json = Json.object("seccomp profile " + file, Files.readAllBytes(file));
      spec.seccomp(json.members());
    } catch (IOException e) {
      throw new InvalidArgumentException(
          "container: seccomp profile \"" + file + "\": " + e.getMessage(), e);
    }
  }

  private void annotations(RuntimeSpec spec) {
    shared.handler().annotations(pod, config).forEach(spec::annotation);
    var metadata = pod.config().getMetadata();
    spec.annotation("io.kubernetes.cri.container-type", "container");
    spec.annotation("io.kubernetes.cri.sandbox-id", pod.id());
    spec.annotation("io.kubernetes.cri.sandbox-name", metadata.getName());
    spec.annotation("io.kubernetes.cri.sandbox-namespace", metadata.getNamespace());
    spec.annotation("io.kubernetes.cri.sandbox-uid", metadata.getUid());
    spec.annotation("io.kubernetes.cri.container-name", config.getMetadata().getName());
    spec.annotation("io.kubernetes.cri.image-name", config.getImage().getUserSpecifiedImage());
  }
}
