package dev.carafe.integration;

import dev.carafe.api.cri.v1.AttachRequest;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerMetadata;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ContainerStatus;
import dev.carafe.api.cri.v1.ContainerStatusRequest;
import dev.carafe.api.cri.v1.CreateContainerRequest;
import dev.carafe.api.cri.v1.ExecRequest;
import dev.carafe.api.cri.v1.ExecSyncRequest;
import dev.carafe.api.cri.v1.ExecSyncResponse;
import dev.carafe.api.cri.v1.Image;
import dev.carafe.api.cri.v1.ImageFilter;
import dev.carafe.api.cri.v1.ImageServiceGrpc;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.LinuxContainerConfig;
import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.LinuxPodSandboxConfig;
import dev.carafe.api.cri.v1.LinuxSandboxSecurityContext;
import dev.carafe.api.cri.v1.ListImagesRequest;
import dev.carafe.api.cri.v1.ListPodSandboxRequest;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandbox;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.api.cri.v1.PodSandboxStatus;
import dev.carafe.api.cri.v1.PodSandboxStatusRequest;
import dev.carafe.api.cri.v1.PortForwardRequest;
import dev.carafe.api.cri.v1.PullImageRequest;
import dev.carafe.api.cri.v1.RemoveContainerRequest;
import dev.carafe.api.cri.v1.RemoveImageRequest;
import dev.carafe.api.cri.v1.RemovePodSandboxRequest;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import dev.carafe.api.cri.v1.RuntimeServiceGrpc;
import dev.carafe.api.cri.v1.StartContainerRequest;
import dev.carafe.api.cri.v1.StatusRequest;
import dev.carafe.api.cri.v1.StopContainerRequest;
import dev.carafe.api.cri.v1.StopPodSandboxRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A kubelet's calls. Pods are in the host's network unless a test says otherwise. */
final class Cri implements AutoCloseable {
  private static final long SECONDS = 60;

  private final TestDaemon daemon;
  private final Path logs;
  private final String parent;
  private final String image;

  private Cri(Lab lab, TestDaemon daemon) {
    this.daemon = daemon;
    this.logs = lab.directory("logs");
    this.parent = "/" + lab.namespace();
    this.image = ImageStock.busybox().name();
  }

  static Cri of(Lab lab) {
    return of(lab, lab.daemon());
  }

  static Cri of(Lab lab, TestDaemon daemon) {
    return lab.closeLater(new Cri(lab, daemon));
  }

  /** With keys of the table {@code [cri]}. */
  static Cri with(Lab lab, String keys) {
    return lab.closeLater(new Cri(lab, lab.newDaemon().config("[cri]\n" + keys).start()));
  }

  /** With a bridge of the test's own. */
  static Cri withNetwork(Lab lab, String bridge) throws IOException {
    return withNetwork(lab, bridge, "");
  }

  /** The same with more configuration. */
  static Cri withNetwork(Lab lab, String bridge, String more) throws IOException {
    Path conf = lab.directory("net.d");
    Files.writeString(
        conf.resolve("10-test.conflist"),
        """
        {"cniVersion": "1.0.0", "name": "%1$s", "plugins": [
          {"type": "bridge", "bridge": "%1$s", "isGateway": true,
           "ipam": {"type": "host-local", "dataDir": "%2$s",
             "ranges": [[{"subnet": "10.213.7.0/24"}], [{"subnet": "fd00:213:7::/64"}]]}}]}
        """
            .formatted(bridge, lab.directory("ipam")));
    TestDaemon daemon =
        lab.newDaemon()
            .config(
                """
                [cri.cni]
                bin_dirs = ["/usr/lib/cni"]
                conf_dir = "%s"
                """
                        .formatted(conf)
                    + more)
            .start();
    return lab.closeLater(new Cri(lab, daemon));
  }

  boolean networkReady() {
    return runtime()
        .status(StatusRequest.getDefaultInstance())
        .getStatus()
        .getConditionsList()
        .stream()
        .anyMatch(condition -> condition.getType().equals("NetworkReady") && condition.getStatus());
  }

  /** A pod with a network of its own. */
  String runInNetwork(String name) {
    PodSandboxConfig.Builder config = pod(name, 0).toBuilder().setHostname(name);
    config
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setNetwork(NamespaceMode.POD);
    return runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build())
        .getPodSandboxId();
  }

  TestDaemon daemon() {
    return daemon;
  }

  String imageName() {
    return image;
  }

  RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return RuntimeServiceGrpc.newBlockingStub(daemon.api().bare())
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
  }

  private ImageServiceGrpc.ImageServiceBlockingStub images() {
    return ImageServiceGrpc.newBlockingStub(daemon.api().bare())
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
  }

  private static ImageSpec spec(String name) {
    return ImageSpec.newBuilder().setImage(name).build();
  }

  /** Pulls the test's image; returns its id. */
  String pull() {
    return pull(image);
  }

  String pull(String name) {
    return images()
        .pullImage(PullImageRequest.newBuilder().setImage(spec(name)).build())
        .getImageRef();
  }

  List<Image> images(String filter) {
    ListImagesRequest.Builder request = ListImagesRequest.newBuilder();
    if (!filter.isEmpty()) {
      request.setFilter(ImageFilter.newBuilder().setImage(spec(filter)));
    }
    return images().listImages(request.build()).getImagesList();
  }

  void removeImage(String name) {
    images().removeImage(RemoveImageRequest.newBuilder().setImage(spec(name)).build());
  }

  PodSandboxConfig pod(String name, int attempt) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder()
                .setName(name)
                .setNamespace("default")
                .setUid("uid-" + name)
                .setAttempt(attempt))
        .setLogDirectory(logs.resolve(name).toString())
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setCgroupParent(parent)
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder()
                        .setNamespaceOptions(
                            NamespaceOption.newBuilder()
                                .setNetwork(NamespaceMode.NODE)
                                .setPid(NamespaceMode.CONTAINER))))
        .build();
  }

  String run(String name, int attempt) {
    return runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(pod(name, attempt)).build())
        .getPodSandboxId();
  }

  /** A pod of a runtime handler. */
  String runIn(String name, String handler) {
    return runtime()
        .runPodSandbox(
            RunPodSandboxRequest.newBuilder()
                .setConfig(pod(name, 0))
                .setRuntimeHandler(handler)
                .build())
        .getPodSandboxId();
  }

  PodSandboxStatus podStatus(String id) {
    return runtime()
        .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(id).build())
        .getStatus();
  }

  /** Ids of all pods that are listed. */
  List<String> pods() {
    return runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList()
        .stream()
        .map(PodSandbox::getId)
        .toList();
  }

  void stopPod(String id) {
    runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build());
  }

  void removePod(String id) {
    runtime().removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build());
  }

  String create(String pod, String name, String imageName, String... command) {
    return create(pod, config(name, imageName, command).build());
  }

  /** A container in the host's network, with processes of its own. */
  static ContainerConfig.Builder config(String name, String imageName, String... command) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName(name))
        .setImage(spec(imageName))
        .addAllCommand(List.of(command))
        .setLogPath(name + "/0.log")
        .setLinux(
            LinuxContainerConfig.newBuilder()
                .setSecurityContext(
                    LinuxContainerSecurityContext.newBuilder()
                        .setNamespaceOptions(
                            NamespaceOption.newBuilder()
                                .setNetwork(NamespaceMode.NODE)
                                .setPid(NamespaceMode.CONTAINER))));
  }

  /** Where a container says what its security is to be. */
  static LinuxContainerSecurityContext.Builder security(ContainerConfig.Builder config) {
    return config.getLinuxBuilder().getSecurityContextBuilder();
  }

  String create(String pod, ContainerConfig config) {
    return runtime()
        .createContainer(
            CreateContainerRequest.newBuilder().setPodSandboxId(pod).setConfig(config).build())
        .getContainerId();
  }

  void start(String container) {
    runtime().startContainer(StartContainerRequest.newBuilder().setContainerId(container).build());
  }

  /** A container of a pod of its own. */
  String running(String script) {
    String container = create(run("p-running", 0), "c1", pull(), "sh", "-c", script);
    start(container);
    return container;
  }

  ContainerStatus status(String container) {
    return runtime()
        .containerStatus(ContainerStatusRequest.newBuilder().setContainerId(container).build())
        .getStatus();
  }

  ContainerStatus awaitEnd(String container) {
    Await.until(
        "the end of " + container,
        () -> status(container).getState() == ContainerState.CONTAINER_EXITED);
    return status(container);
  }

  void stop(String container, long grace) {
    runtime()
        .stopContainer(
            StopContainerRequest.newBuilder().setContainerId(container).setTimeout(grace).build());
  }

  void remove(String container) {
    runtime()
        .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(container).build());
  }

  ExecSyncResponse exec(String container, long timeout, String... command) {
    return runtime()
        .execSync(
            ExecSyncRequest.newBuilder()
                .setContainerId(container)
                .setTimeout(timeout)
                .addAllCmd(List.of(command))
                .build());
  }

  URI execUrl(String container, String... command) {
    return webSocket(
        runtime()
            .exec(
                ExecRequest.newBuilder()
                    .setContainerId(container)
                    .addAllCmd(List.of(command))
                    .setStdin(true)
                    .setStdout(true)
                    .setStderr(true)
                    .build())
            .getUrl());
  }

  URI attachUrl(String container) {
    return webSocket(
        runtime()
            .attach(
                AttachRequest.newBuilder()
                    .setContainerId(container)
                    .setStdin(true)
                    .setStdout(true)
                    .setStderr(true)
                    .build())
            .getUrl());
  }

  URI portForwardUrl(String pod, int port) {
    return webSocket(
        runtime()
            .portForward(PortForwardRequest.newBuilder().setPodSandboxId(pod).addPort(port).build())
            .getUrl());
  }

  private static URI webSocket(String url) {
    return URI.create(url.replaceFirst("^http", "ws"));
  }

  void awaitExec(String container, String... command) {
    Await.until("a command runs", () -> exec(container, 5, command).getExitCode() == 0);
  }

  /** Removes all pods and images. */
  @Override
  public void close() {
    if (daemon.alive()) {
      for (PodSandbox pod :
          runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance()).getItemsList()) {
        removePod(pod.getId());
      }
      images("").forEach(found -> removeImage(found.getId()));
    }
  }
}
