package dev.carafe.bench;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerMetadata;
import dev.carafe.api.cri.v1.CreateContainerRequest;
import dev.carafe.api.cri.v1.ExecSyncRequest;
import dev.carafe.api.cri.v1.ImageServiceGrpc;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.LinuxContainerConfig;
import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.LinuxPodSandboxConfig;
import dev.carafe.api.cri.v1.LinuxSandboxSecurityContext;
import dev.carafe.api.cri.v1.ListContainersRequest;
import dev.carafe.api.cri.v1.ListPodSandboxRequest;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.api.cri.v1.PullImageRequest;
import dev.carafe.api.cri.v1.RemovePodSandboxRequest;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import dev.carafe.api.cri.v1.RuntimeServiceGrpc;
import dev.carafe.api.cri.v1.StartContainerRequest;
import dev.carafe.api.cri.v1.StopPodSandboxRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/** Pods of one container each, with a network of their own. */
final class PodLoad {
  /** The kubelet's default: each container has processes of its own. */
  private static final NamespaceOption NAMESPACES =
      NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER).build();

  private final Peer peer;
  private final Path directory;
  private final String image;
  private final RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime;

  PodLoad(Peer peer, Path directory, String image) {
    this.peer = peer;
    this.directory = directory;
    this.image = image;
    this.runtime = RuntimeServiceGrpc.newBlockingStub(peer.channel());
  }

  static void pull(Peer peer, String image) {
    ImageServiceGrpc.newBlockingStub(peer.channel())
        .pullImage(
            PullImageRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(image)).build());
  }

  private record Running(PodSandboxConfig config, String pod, String container) {}

  /** Whole lives of pods, so many at a time; each step has its median and its 99th percentile. */
  void lives(String kind, int count, int atOnce) throws Exception {
    Map<String, ConcurrentLinkedQueue<Long>> times = new ConcurrentHashMap<>();
    long from = System.nanoTime();
    Peer.each(
        count,
        atOnce,
        n -> {
          long began = System.nanoTime();
          Running running = start(kind + n, times);
          add(times, "ready", System.nanoTime() - began);
          timed(
              times,
              "exec",
              () ->
                  runtime.execSync(
                      ExecSyncRequest.newBuilder()
                          .setContainerId(running.container())
                          .addCmd("/bin/true")
                          .setTimeout(30)
                          .build()));
          end(running, times);
        });
    long millis = (System.nanoTime() - from) / 1_000_000;
    times.forEach((step, all) -> {
      List<Long> sorted = new ArrayList<>(all);
      Collections.sort(sorted);
      peer.report("cri-" + step + "-" + kind, micros(sorted, 50) / 1000);
      peer.report("cri-" + step + "-" + kind + "-p99", micros(sorted, 99) / 1000);
    });
    peer.report("cri-lives-" + kind, millis);
  }

  private static long micros(List<Long> sorted, int percentile) {
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percentile / 100)) / 1000;
  }

  /** Memory with ever more pods, and what lists cost then. */
  void crowd(int count) throws Exception {
    List<Running> crowd = Collections.synchronizedList(new ArrayList<>());
    for (int target : new int[] {0, 10, 50, count}) {
      int more = target - crowd.size();
      Peer.each(
          more, 4, n -> crowd.add(start("crowd" + target + "-" + n, new ConcurrentHashMap<>())));
      Thread.sleep(5_000);
      peer.report("memory-pods-" + target, resident());
    }
    peer.report("cri-lists-us", lists());
    Peer.each(
        crowd.size() * 9,
        4,
        n -> create(crowd.get(n / 9), container("c" + n), new ConcurrentHashMap<>()));
    peer.report("cri-lists-many-us", lists());
    Peer.each(crowd.size(), 4, n -> end(crowd.get(n), new ConcurrentHashMap<>()));
  }

  /** Both lists of everything, in microseconds. */
  private long lists() {
    List<Long> lists = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      long from = System.nanoTime();
      runtime.listPodSandbox(ListPodSandboxRequest.getDefaultInstance());
      runtime.listContainers(ListContainersRequest.getDefaultInstance());
      lists.add(System.nanoTime() - from);
    }
    Collections.sort(lists);
    return micros(lists, 50);
  }

  private Running start(String name, Map<String, ConcurrentLinkedQueue<Long>> times) {
    PodSandboxConfig config = pod(name);
    String pod =
        timed(
                times,
                "run",
                () ->
                    runtime.runPodSandbox(
                        RunPodSandboxRequest.newBuilder().setConfig(config).build()))
            .getPodSandboxId();
    var made = new Running(config, pod, "");
    String id = create(made, container("c"), times);
    timed(
        times,
        "start",
        () ->
            runtime.startContainer(StartContainerRequest.newBuilder().setContainerId(id).build()));
    return new Running(config, pod, id);
  }

  private ContainerConfig container(String name) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName(name))
        .setImage(ImageSpec.newBuilder().setImage(image))
        .addCommand("/bin/sleep")
        .addArgs("100000")
        .setLogPath(name + "/0.log")
        .setLinux(
            LinuxContainerConfig.newBuilder()
                .setSecurityContext(
                    LinuxContainerSecurityContext.newBuilder().setNamespaceOptions(NAMESPACES)))
        .build();
  }

  private String create(
      Running in, ContainerConfig container, Map<String, ConcurrentLinkedQueue<Long>> times) {
    return timed(
            times,
            "create",
            () ->
                runtime.createContainer(
                    CreateContainerRequest.newBuilder()
                        .setPodSandboxId(in.pod())
                        .setConfig(container)
                        .setSandboxConfig(in.config())
                        .build()))
        .getContainerId();
  }

  private void end(Running running, Map<String, ConcurrentLinkedQueue<Long>> times) {
    timed(
        times,
        "stop",
        () ->
            runtime.stopPodSandbox(
                StopPodSandboxRequest.newBuilder().setPodSandboxId(running.pod()).build()));
    timed(
        times,
        "remove",
        () ->
            runtime.removePodSandbox(
                RemovePodSandboxRequest.newBuilder().setPodSandboxId(running.pod()).build()));
  }

  private PodSandboxConfig pod(String name) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder()
                .setName(name)
                .setNamespace("bench")
                .setUid("uid-" + name))
        .setHostname("bench")
        .setLogDirectory(directory.resolve("logs").resolve(name).toString())
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setCgroupParent("/carafe-bench")
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder().setNamespaceOptions(NAMESPACES)))
        .build();
  }

  private static void add(Map<String, ConcurrentLinkedQueue<Long>> times, String step, long nanos) {
    times.computeIfAbsent(step, _ -> new ConcurrentLinkedQueue<>()).add(nanos);
  }

  private static <T> T timed(
      Map<String, ConcurrentLinkedQueue<Long>> times, String step, Supplier<T> call) {
    long from = System.nanoTime();
    T result = call.get();
    add(times, step, System.nanoTime() - from);
    return result;
  }

  /** MiB that the daemon and its helpers have, shared pages by their share (smaps_rollup, Pss). */
  private long resident() throws IOException {
    long kib = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        if (process.getFileName().toString().equals(Long.toString(ProcessHandle.current().pid()))) {
          continue;
        }
        try {
          String line = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
          if (line.contains(directory.toString())) {
            kib +=
                Files.readString(process.resolve("smaps_rollup"))
                    .lines()
                    .filter(field -> field.startsWith("Pss:"))
                    .mapToLong(field -> Long.parseLong(field.replaceAll("[^0-9]", "")))
                    .sum();
          }
        } catch (IOException e) {
          // It has ended.
        }
      }
    }
    return kib / 1024;
  }
}
