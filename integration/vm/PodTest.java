import static java.util.stream.Collectors.joining;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.cri.v1.CgroupDriver;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerMetadata;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ContainerStats;
import dev.carafe.api.cri.v1.IDMapping;
import dev.carafe.api.cri.v1.LinuxContainerConfig;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.LinuxPodSandboxConfig;
import dev.carafe.api.cri.v1.ListPodSandboxMetricsRequest;
import dev.carafe.api.cri.v1.Mount;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.api.cri.v1.PodSandboxMetrics;
import dev.carafe.api.cri.v1.PortMapping;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.api.cri.v1.UserNamespace;
import dev.carafe.api.services.tasks.v1.UpdateTaskRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A kubelet's pods where cgroup version 2 is the only one, systemd's, and the kernel has AppArmor:
 * {@code PodTest SOCKET IMAGE ADDRESSES HANDLER...}. One virtual machine of Java runs all: the
 * first claim that does not hold ends it.
 */
final class PodTest {
  private static final Path GROUPS = Path.of("/sys/fs/cgroup");
  private static final Path LOGS = Path.of("/tmp/smoke/logs");
  private static final String GATEWAY = "10.213.7.1";
  private static final int HOST_PORT = 18080;
  private static final long MEBIBYTE = 1 << 20;
  private static final long PATIENCE_NANOS = 120_000_000_000L;
  private static final IDMapping IDS =
      IDMapping.newBuilder().setContainerId(0).setHostId(200_000).setLength(65_536).build();

  private final Kubelet kubelet;
  private final String image;
  private final Path addresses;

  private PodTest(Kubelet kubelet, String image, Path addresses) {
    this.kubelet = kubelet;
    this.image = image;
    this.addresses = addresses;
  }

  public static void main(String[] args) throws Exception {
    Path socket = Path.of(args[0]);
    await("the daemon's socket", () -> Files.exists(socket));
    try (Kubelet kubelet = new Kubelet(socket)) {
      await("NetworkReady", kubelet::networkReady);
      is(CgroupDriver.CGROUPFS, kubelet.cgroupDriver(), "driver of the default handler");
      kubelet.pull(args[1]);
      say("the network is ready and the image pulled");
      PodTest test = new PodTest(kubelet, args[1], Path.of(args[2]));
      for (String handler : List.of(args).subList(3, args.length)) {
        boolean systemd = handler.endsWith("-systemd");
        test.pod(handler, systemd);
        if (!systemd) {
          test.users(handler);
        }
      }
    }
  }

  // ---- a pod from its start to its removal ----

  private void pod(String handler, boolean systemd) throws Exception {
    String uid = handler.replace('-', '_');
    String parent =
        systemd
            ? "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid + ".slice"
            : "/kubepods/besteffort/pod" + uid;
    PodSandboxConfig.Builder config = podConfig(uid, parent);
    config.addPortMappings(PortMapping.newBuilder().setHostPort(HOST_PORT).setContainerPort(80));
    String pod = kubelet.run(config.build(), handler);
    String ip = kubelet.address(pod);

    String id =
        kubelet.started(
            pod,
            container("c1", "/bin/httpd", "-f", "-p", "80")
                .setLinux(
                    LinuxContainerConfig.newBuilder()
                        .setSecurityContext(shared(NamespaceOption.getDefaultInstance()))
                        .setResources(
                            LinuxContainerResources.newBuilder()
                                .setMemoryLimitInBytes(64 * MEBIBYTE)
                                .setMemorySwapLimitInBytes(64 * MEBIBYTE)
                                .setCpuPeriod(100_000)
                                .setCpuQuota(50_000)
                                .putUnified("pids.max", "77")))
                .build());

    Path inPod = GROUPS.resolve(parent.substring(1));
    Path group = inPod.resolve(systemd ? "cri-containerd-" + id + ".scope" : id);
    limits(group, 64 * MEBIBYTE, "50000 100000");
    is("0", file(group, "memory.swap.max"), "limit of swap");
    is("77", file(group, "pids.max"), "a limit of the unified map");
    String inside =
        kubelet.exec(id, "cat /proc/self/cgroup /sys/fs/cgroup/memory.max /proc/net/fib_trie");
    is("0::/\n" + 64 * MEBIBYTE, inside.lines().limit(2).collect(joining("\n")), "own group");
    contains(inside, ip, "addresses in the pod");
    statistics(id, 64 * MEBIBYTE);
    await("the port of the host", () -> get(HOST_PORT).endsWith("served"));
    confinement(id);
    say(handler + ": limits, statistics, network, port of the host, AppArmor");

    kubelet.update(
        id,
        LinuxContainerResources.newBuilder()
            .setMemoryLimitInBytes(96 * MEBIBYTE)
            .setCpuPeriod(100_000)
            .setCpuQuota(25_000)
            .build());
    limits(group, 96 * MEBIBYTE, "25000 100000");
    updateTask(id, "{\"memory\":{\"limit\":" + 80 * MEBIBYTE + "}}");
    limits(group, 80 * MEBIBYTE, "25000 100000");
    outOfMemoryUnconfined(pod, LOGS.resolve(uid).resolve("c2.log"));
    say(handler + ": updates by both APIs, a kill for want of memory");

    kubelet.stopAndRemove(id);
    kubelet.stopAndRemovePod(pod);
    nothingIsLeft(inPod, pod, id);
    if (systemd) {
      await(
          "systemd forgets the scope",
          () ->
              !output("systemctl", "is-active", "cri-containerd-" + id + ".scope")
                  .equals("active"));
    }
    say(handler + ": removed, and nothing is left");
  }

  private PodSandboxConfig.Builder podConfig(String uid, String parent) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder().setName(uid).setNamespace("default").setUid(uid))
        .setHostname(uid.replace('_', '-'))
        .setLogDirectory(LOGS.resolve(uid).toString())
        .setLinux(LinuxPodSandboxConfig.newBuilder().setCgroupParent(parent));
  }

  private ContainerConfig.Builder container(String name, String... command) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName(name))
        .setImage(Kubelet.spec(image))
        .addAllCommand(List.of(command))
        .setLogPath(name + ".log");
  }

  /** Confined by what a container gets that says nothing. */
  private static LinuxContainerSecurityContext shared(NamespaceOption namespaces) {
    return LinuxContainerSecurityContext.newBuilder()
        .setNamespaceOptions(namespaces.toBuilder().setPid(NamespaceMode.CONTAINER))
        .build();
  }

  // ---- claims ----

  /** crun makes a group of its own in a scope of systemd's. */
  private static void limits(Path group, long memory, String processor) {
    is(String.valueOf(memory), file(group, "memory.max"), "limit of memory");
    is(processor, file(group, "cpu.max"), "limit of processors");
  }

  private static String file(Path group, String name) {
    Path inner = group.resolve("container").resolve(name);
    return text(Files.exists(inner) ? inner : group.resolve(name)).strip();
  }

  private void statistics(String id, long limit) {
    ContainerStats stats = kubelet.stats(id);
    long working = stats.getMemory().getWorkingSetBytes().getValue();
    holds(working > 0 && working < limit, "working set: " + working);
    is(limit - working, stats.getMemory().getAvailableBytes().getValue(), "available memory");
    holds(stats.getCpu().getUsageCoreNanoSeconds().getValue() > 0, "processor time");
    List<PodSandboxMetrics> pods =
        kubelet
            .runtime()
            .listPodSandboxMetrics(ListPodSandboxMetricsRequest.getDefaultInstance())
            .getPodMetricsList();
    is(1, pods.size(), "pods with metrics");
    for (String name : List.of("container_memory_usage_bytes", "container_processes")) {
      holds(
          pods.getFirst().getContainerMetrics(0).getMetricsList().stream()
              .anyMatch(
                  metric -> metric.getName().equals(name) && metric.getValue().getValue() > 0),
          name);
    }
  }

  /** The default profile denies writing to files of /proc, which the kernel lets root open. */
  private void confinement(String id) {
    is(
        "cri-containerd.apparmor.d (enforce)",
        kubelet.exec(id, "cat /proc/self/attr/current"),
        "AppArmor profile");
    contains(kubelet.exec(id, "echo >/proc/uptime"), "Permission denied", "a write that is denied");
  }

  private void updateTask(String id, String resources) {
    kubelet
        .tasks()
        .update(
            UpdateTaskRequest.newBuilder()
                .setContainerId(id)
                .setResources(
                    Any.newBuilder()
                        .setTypeUrl(
                            "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources")
                        .setValue(ByteString.copyFromUtf8(resources)))
                .build());
  }

  /** Without the profile, the write that it denies gets as far as the kernel's own refusal. */
  private void outOfMemoryUnconfined(String pod, Path log) throws Exception {
    LinuxContainerSecurityContext unconfined =
        shared(NamespaceOption.getDefaultInstance()).toBuilder()
            .setApparmor(
                SecurityProfile.newBuilder().setProfileType(SecurityProfile.ProfileType.Unconfined))
            .build();
    String id =
        kubelet.started(
            pod,
            container(
                    "c2",
                    "/bin/sh",
                    "-c",
                    "cat /proc/self/attr/current; echo >/proc/uptime; exec dd if=/dev/zero of=/dev/null bs=64M count=1")
                .setLinux(
                    LinuxContainerConfig.newBuilder()
                        .setSecurityContext(unconfined)
                        .setResources(
                            LinuxContainerResources.newBuilder()
                                .setMemoryLimitInBytes(16 * MEBIBYTE)))
                .build());
    await(
        "the end for want of memory",
        () -> kubelet.status(id).getState() == ContainerState.CONTAINER_EXITED);
    is("OOMKilled", kubelet.status(id).getReason(), "reason of the end");
    is(137, kubelet.status(id).getExitCode(), "exit code");
    contains(text(log), "unconfined", "AppArmor profile in the log");
    contains(text(log), "Input/output error", "a write that is not denied");
  }

  private void nothingIsLeft(Path inPod, String pod, String container) throws Exception {
    await("no group is left", () -> directories(inPod).isEmpty());
    String mounts = text(Path.of("/proc/self/mountinfo"));
    holds(!mounts.contains(pod) && !mounts.contains(container), "mounts are left: " + mounts);
    try (Stream<Path> leases = Files.walk(addresses)) {
      holds(
          leases.noneMatch(file -> file.getFileName().toString().startsWith("10.")),
          "an address is left");
    }
    String rules = output("iptables", "-t", "nat", "-S");
    holds(!rules.contains(String.valueOf(HOST_PORT)), "a rule is left: " + rules);
  }

  // ---- a pod with users of its own ----

  private void users(String handler) throws Exception {
    String parent = "/kubepods/besteffort/podusers_" + handler;
    NamespaceOption users =
        NamespaceOption.newBuilder()
            .setPid(NamespaceMode.CONTAINER)
            .setUsernsOptions(
                UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(IDS).addGids(IDS))
            .build();
    PodSandboxConfig.Builder config = podConfig("users_" + handler, parent);
    config.getLinuxBuilder().getSecurityContextBuilder().setNamespaceOptions(users);
    String pod = kubelet.run(config.build(), handler);
    LinuxContainerConfig.Builder linux =
        LinuxContainerConfig.newBuilder()
            .setSecurityContext(shared(users))
            .setResources(
                LinuxContainerResources.newBuilder().setMemoryLimitInBytes(64 * MEBIBYTE));
    ContainerConfig plain = container("c1", "/bin/sleep", "1000").setLinux(linux).build();
    String id = kubelet.started(pod, plain);

    Path group = GROUPS.resolve(parent.substring(1)).resolve(id);
    is(String.valueOf(64 * MEBIBYTE), file(group, "memory.max"), "limit of memory");
    String process = text(group.resolve("cgroup.procs")).strip();
    contains(text(Path.of("/proc/" + process + "/status")), "Uid:\t200000\t", "user on the host");
    is("0", kubelet.exec(id, "echo >/new; stat -c %u /new"), "user in the container");

    Path volume = Files.createDirectories(Path.of("/tmp/smoke/volume"));
    ContainerConfig mapped =
        plain.toBuilder()
            .setMetadata(ContainerMetadata.newBuilder().setName("c2"))
            .setLogPath("c2.log")
            .addMounts(
                Mount.newBuilder()
                    .setHostPath(volume.toString())
                    .setContainerPath("/volume")
                    .addUidMappings(IDS)
                    .addGidMappings(IDS))
            .build();
    boolean offered =
        kubelet.status().getRuntimeHandlersList().stream()
            .filter(candidate -> candidate.getName().equals(handler))
            .anyMatch(candidate -> candidate.getFeatures().getUserNamespaces());
    if (offered) {
      is("0", kubelet.exec(kubelet.started(pod, mapped), "stat -c %u /volume"), "volume's owner");
    } else {
      try {
        kubelet.create(pod, mapped);
        holds(false, "a volume whose ids nobody maps");
      } catch (StatusRuntimeException e) {
        is(Status.Code.FAILED_PRECONDITION, e.getStatus().getCode(), "refusal");
        say(handler + ": " + e.getStatus().getDescription());
      }
    }
    kubelet.stopAndRemovePod(pod);
    nothingIsLeft(group.getParent(), pod, id);
    say(
        handler
            + ": a pod with users of its own, volumes with mapped ids "
            + (offered ? "too" : "not"));
  }

  // ---- tools ----

  private interface Condition {
    boolean holds() throws Exception;
  }

  /** What throws does not hold yet. */
  private static void await(String what, Condition condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    String last = "";
    while (true) {
      try {
        if (condition.holds()) {
          return;
        }
      } catch (Exception e) {
        last = ": " + e;
      }
      holds(System.nanoTime() < deadline, "not in time: " + what + last);
      Thread.sleep(100);
    }
  }

  private static void is(Object expected, Object actual, String what) {
    holds(expected.equals(actual), what + ": \"" + actual + "\", expected \"" + expected + "\"");
  }

  private static void contains(String text, String part, String what) {
    holds(text.contains(part), what + ": \"" + text + "\" without \"" + part + "\"");
  }

  private static void holds(boolean claim, String what) {
    if (!claim) {
      throw new AssertionError(what);
    }
  }

  private static void say(String what) {
    System.out.println(text(Path.of("/proc/uptime")).split(" ")[0] + " s: " + what);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  private static List<Path> directories(Path above) throws IOException {
    if (!Files.exists(above)) {
      return List.of();
    }
    try (Stream<Path> below = Files.list(above)) {
      return below.filter(Files::isDirectory).toList();
    }
  }

  private static String get(int port) throws IOException {
    try (Socket socket = new Socket(GATEWAY, port)) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET /page HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readNBytes(1 << 16), StandardCharsets.US_ASCII)
          .strip();
    }
  }

  private static String output(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readNBytes(1 << 20), StandardCharsets.UTF_8);
    process.waitFor();
    return text.strip();
  }
}
