import dev.carafe.api.cri.v1.CgroupDriver;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerStats;
import dev.carafe.api.cri.v1.ContainerStatsRequest;
import dev.carafe.api.cri.v1.ContainerStatus;
import dev.carafe.api.cri.v1.ContainerStatusRequest;
import dev.carafe.api.cri.v1.CreateContainerRequest;
import dev.carafe.api.cri.v1.ExecSyncRequest;
import dev.carafe.api.cri.v1.ExecSyncResponse;
import dev.carafe.api.cri.v1.ImageServiceGrpc;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxStatusRequest;
import dev.carafe.api.cri.v1.PullImageRequest;
import dev.carafe.api.cri.v1.RemoveContainerRequest;
import dev.carafe.api.cri.v1.RemovePodSandboxRequest;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import dev.carafe.api.cri.v1.RuntimeConfigRequest;
import dev.carafe.api.cri.v1.RuntimeServiceGrpc;
import dev.carafe.api.cri.v1.StartContainerRequest;
import dev.carafe.api.cri.v1.StatusRequest;
import dev.carafe.api.cri.v1.StatusResponse;
import dev.carafe.api.cri.v1.StopContainerRequest;
import dev.carafe.api.cri.v1.StopPodSandboxRequest;
import dev.carafe.api.cri.v1.UpdateContainerResourcesRequest;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A kubelet's calls, with deadlines for an emulated processor. */
final class Kubelet implements AutoCloseable {
  private static final long SECONDS = 300;

  private final ManagedChannel channel;

  Kubelet(Path socket) {
    channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class)
            .eventLoopGroup(
                new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("client", true), NioIoHandler.newFactory()))
            .usePlaintext()
            .overrideAuthority("localhost")
            .withOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
            .build();
  }

  RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return RuntimeServiceGrpc.newBlockingStub(channel).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
  }

  /** containerd's own calls on what the kubelet has made. */
  TasksGrpc.TasksBlockingStub tasks() {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER), "k8s.io");
    Channel inNamespace =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    return TasksGrpc.newBlockingStub(inNamespace).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
  }

  boolean networkReady() {
    return status().getStatus().getConditionsList().stream()
        .anyMatch(condition -> condition.getType().equals("NetworkReady") && condition.getStatus());
  }

  StatusResponse status() {
    return runtime().status(StatusRequest.getDefaultInstance());
  }

  CgroupDriver cgroupDriver() {
    return runtime()
        .runtimeConfig(RuntimeConfigRequest.getDefaultInstance())
        .getLinux()
        .getCgroupDriver();
  }

  void pull(String image) {
    ImageServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
        .pullImage(PullImageRequest.newBuilder().setImage(spec(image)).build());
  }

  static ImageSpec spec(String image) {
    return ImageSpec.newBuilder().setImage(image).build();
  }

  String run(PodSandboxConfig pod, String handler) {
    return runtime()
        .runPodSandbox(
            RunPodSandboxRequest.newBuilder().setConfig(pod).setRuntimeHandler(handler).build())
        .getPodSandboxId();
  }

  String address(String pod) {
    return runtime()
        .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(pod).build())
        .getStatus()
        .getNetwork()
        .getIp();
  }

  String create(String pod, ContainerConfig config) {
    return runtime()
        .createContainer(
            CreateContainerRequest.newBuilder().setPodSandboxId(pod).setConfig(config).build())
        .getContainerId();
  }

  String started(String pod, ContainerConfig config) {
    String id = create(pod, config);
    runtime().startContainer(StartContainerRequest.newBuilder().setContainerId(id).build());
    return id;
  }

  ContainerStatus status(String container) {
    return runtime()
        .containerStatus(ContainerStatusRequest.newBuilder().setContainerId(container).build())
        .getStatus();
  }

  ContainerStats stats(String container) {
    return runtime()
        .containerStats(ContainerStatsRequest.newBuilder().setContainerId(container).build())
        .getStats();
  }

  /** What a script says on both its outputs. */
  String exec(String container, String script) {
    ExecSyncResponse answer =
        runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId(container)
                    .setTimeout(SECONDS)
                    .addAllCmd(List.of("/bin/sh", "-c", script))
                    .build());
    return (answer.getStdout().toStringUtf8() + answer.getStderr().toStringUtf8()).strip();
  }

  void update(String container, LinuxContainerResources resources) {
    runtime()
        .updateContainerResources(
            UpdateContainerResourcesRequest.newBuilder()
                .setContainerId(container)
                .setLinux(resources)
                .build());
  }

  void stopAndRemove(String container) {
    runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(container).build());
    runtime()
        .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(container).build());
  }

  void stopAndRemovePod(String pod) {
    runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
    runtime().removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
