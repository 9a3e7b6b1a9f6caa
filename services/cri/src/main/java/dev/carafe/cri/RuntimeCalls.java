package dev.carafe.cri;

import dev.carafe.api.cri.v1.AttachRequest;
import dev.carafe.api.cri.v1.AttachResponse;
import dev.carafe.api.cri.v1.CgroupDriver;
import dev.carafe.api.cri.v1.CheckpointContainerRequest;
import dev.carafe.api.cri.v1.CheckpointContainerResponse;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerEventResponse;
import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.api.cri.v1.ContainerStatsRequest;
import dev.carafe.api.cri.v1.ContainerStatsResponse;
import dev.carafe.api.cri.v1.ContainerStatusRequest;
import dev.carafe.api.cri.v1.ContainerStatusResponse;
import dev.carafe.api.cri.v1.CreateContainerRequest;
import dev.carafe.api.cri.v1.CreateContainerResponse;
import dev.carafe.api.cri.v1.ExecRequest;
import dev.carafe.api.cri.v1.ExecResponse;
import dev.carafe.api.cri.v1.ExecSyncRequest;
import dev.carafe.api.cri.v1.ExecSyncResponse;
import dev.carafe.api.cri.v1.GetEventsRequest;
import dev.carafe.api.cri.v1.LinuxRuntimeConfiguration;
import dev.carafe.api.cri.v1.ListContainerStatsRequest;
import dev.carafe.api.cri.v1.ListContainerStatsResponse;
import dev.carafe.api.cri.v1.ListContainersRequest;
import dev.carafe.api.cri.v1.ListContainersResponse;
import dev.carafe.api.cri.v1.ListMetricDescriptorsRequest;
import dev.carafe.api.cri.v1.ListMetricDescriptorsResponse;
import dev.carafe.api.cri.v1.ListPodSandboxMetricsRequest;
import dev.carafe.api.cri.v1.ListPodSandboxMetricsResponse;
import dev.carafe.api.cri.v1.ListPodSandboxStatsRequest;
import dev.carafe.api.cri.v1.ListPodSandboxStatsResponse;
import dev.carafe.api.cri.v1.PodSandboxStatsRequest;
import dev.carafe.api.cri.v1.PodSandboxStatsResponse;
import dev.carafe.api.cri.v1.PortForwardRequest;
import dev.carafe.api.cri.v1.PortForwardResponse;
import dev.carafe.api.cri.v1.RemoveContainerRequest;
import dev.carafe.api.cri.v1.RemoveContainerResponse;
import dev.carafe.api.cri.v1.ReopenContainerLogRequest;
import dev.carafe.api.cri.v1.ReopenContainerLogResponse;
import dev.carafe.api.cri.v1.RuntimeConfigRequest;
import dev.carafe.api.cri.v1.RuntimeConfigResponse;
import dev.carafe.api.cri.v1.StartContainerRequest;
import dev.carafe.api.cri.v1.StartContainerResponse;
import dev.carafe.api.cri.v1.StatusRequest;
import dev.carafe.api.cri.v1.StatusResponse;
import dev.carafe.api.cri.v1.StopContainerRequest;
import dev.carafe.api.cri.v1.StopContainerResponse;
import dev.carafe.api.cri.v1.StreamContainerStatsRequest;
import dev.carafe.api.cri.v1.StreamContainerStatsResponse;
import dev.carafe.api.cri.v1.StreamContainersRequest;
import dev.carafe.api.cri.v1.StreamContainersResponse;
import dev.carafe.api.cri.v1.StreamPodSandboxMetricsRequest;
import dev.carafe.api.cri.v1.StreamPodSandboxMetricsResponse;
import dev.carafe.api.cri.v1.StreamPodSandboxStatsRequest;
import dev.carafe.api.cri.v1.StreamPodSandboxStatsResponse;
import dev.carafe.api.cri.v1.UpdateContainerResourcesRequest;
import dev.carafe.api.cri.v1.UpdateContainerResourcesResponse;
import dev.carafe.api.cri.v1.UpdateRuntimeConfigRequest;
import dev.carafe.api.cri.v1.UpdateRuntimeConfigResponse;
import dev.carafe.api.cri.v1.VersionRequest;
import dev.carafe.api.cri.v1.VersionResponse;
import dev.carafe.services.Calls;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;

/** {@code runtime.v1.RuntimeService}. */
final class RuntimeCalls extends PodCalls {
  private static final String API = "v1";

  RuntimeCalls(Cri.Flows flows) {
    super(flows);
  }

  @Override
  public void version(VersionRequest request, StreamObserver<VersionResponse> observer) {
    Calls.unary(
        observer,
        () ->
            VersionResponse.newBuilder()
                .setVersion("0.1.0")
                .setRuntimeName("carafe")
                .setRuntimeVersion(version())
                .setRuntimeApiVersion(API)
                .build());
  }

  private static String version() {
    String version = RuntimeCalls.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  // ---- containers

  @Override
  public void createContainer(
      CreateContainerRequest request, StreamObserver<CreateContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().pod(request.getPodSandboxId());
          ContainerConfig config = request.getConfig();
          String id =
              flows.containers().create(pod, config, of -> flows.pods().namespaces(of, config));
          publish(id, pod.id(), ContainerEventType.CONTAINER_CREATED_EVENT);
          return CreateContainerResponse.newBuilder().setContainerId(id).build();
        });
  }

  @Override
  public void startContainer(
      StartContainerRequest request, StreamObserver<StartContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = flows.records().container(request.getContainerId());
          flows.containers().start(container.id());
          publish(container.id(), container.podId(), ContainerEventType.CONTAINER_STARTED_EVENT);
          return StartContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void stopContainer(
      StopContainerRequest request, StreamObserver<StopContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          flows
              .containers()
              .stop(
                  request.getContainerId(), Duration.ofSeconds(Math.max(0, request.getTimeout())));
          return StopContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void removeContainer(
      RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = flows.records().findContainer(request.getContainerId());
          flows.containers().remove(request.getContainerId());
          if (container != null) {
            publish(container.id(), container.podId(), ContainerEventType.CONTAINER_DELETED_EVENT);
          }
          return RemoveContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void listContainers(
      ListContainersRequest request, StreamObserver<ListContainersResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListContainersResponse.newBuilder()
                .addAllContainers(Views.containers(flows.records(), request.getFilter()))
                .build());
  }

  @Override
  public void streamContainers(
      StreamContainersRequest request, StreamObserver<StreamContainersResponse> observer) {
    pages(
        observer,
        Views.containers(flows.records(), request.getFilter()),
        page -> StreamContainersResponse.newBuilder().addAllContainers(page).build());
  }

  @Override
  public void containerStatus(
      ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = flows.records().container(request.getContainerId());
          ContainerStatusResponse.Builder response =
              ContainerStatusResponse.newBuilder().setStatus(Views.status(container));
          if (request.getVerbose()) {
            response.putInfo("info", Info.of(container));
          }
          return response.build();
        });
  }

  @Override
  public void updateContainerResources(
      UpdateContainerResourcesRequest request,
      StreamObserver<UpdateContainerResourcesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          flows
              .containers()
              .update(request.getContainerId(), request.getLinux(), request.getAnnotationsMap());
          return UpdateContainerResourcesResponse.getDefaultInstance();
        });
  }

  @Override
  public void reopenContainerLog(
      ReopenContainerLogRequest request, StreamObserver<ReopenContainerLogResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          flows.containers().reopenLog(request.getContainerId());
          return ReopenContainerLogResponse.getDefaultInstance();
        });
  }

  @Override
  public void checkpointContainer(
      CheckpointContainerRequest request, StreamObserver<CheckpointContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          flows.checkpoints().write(request.getContainerId(), request.getLocation());
          return CheckpointContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void execSync(ExecSyncRequest request, StreamObserver<ExecSyncResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ExecSync.Outcome outcome =
              flows
                  .exec()
                  .run(
                      request.getContainerId(),
                      request.getCmdList(),
                      Duration.ofSeconds(Math.max(0, request.getTimeout())));
          return ExecSyncResponse.newBuilder()
              .setStdout(com.google.protobuf.ByteString.copyFrom(outcome.stdout()))
              .setStderr(com.google.protobuf.ByteString.copyFrom(outcome.stderr()))
              .setExitCode(outcome.code())
              .build();
        });
  }

  @Override
  public void exec(ExecRequest request, StreamObserver<ExecResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = running(request.getContainerId());
          return ExecResponse.newBuilder()
              .setUrl(
                  flows
                      .streaming()
                      .exec(
                          new dev.carafe.cri.streaming.ExecRequest(
                              container.id(),
                              request.getCmdList(),
                              request.getTty(),
                              request.getStdin(),
                              request.getStdout(),
                              request.getStderr()))
                      .toString())
              .build();
        });
  }

  @Override
  public void attach(AttachRequest request, StreamObserver<AttachResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = running(request.getContainerId());
          return AttachResponse.newBuilder()
              .setUrl(
                  flows
                      .streaming()
                      .attach(
                          new dev.carafe.cri.streaming.AttachRequest(
                              container.id(),
                              request.getTty(),
                              request.getStdin(),
                              request.getStdout(),
                              request.getStderr()))
                      .toString())
              .build();
        });
  }

  @Override
  public void portForward(
      PortForwardRequest request, StreamObserver<PortForwardResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().pod(request.getPodSandboxId());
          return PortForwardResponse.newBuilder()
              .setUrl(
                  flows
                      .streaming()
                      .portForward(
                          new dev.carafe.cri.streaming.PortForwardRequest(
                              pod.id(), request.getPortList()))
                      .toString())
              .build();
        });
  }

  private CriContainer running(String id) {
    CriContainer container = flows.records().container(id);
    if (!container.running()) {
      throw new FailedPreconditionException("container " + container.id() + ": is not running");
    }
    return container;
  }

  // ---- statistics and events

  @Override
  public void containerStats(
      ContainerStatsRequest request, StreamObserver<ContainerStatsResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          CriContainer container = flows.records().container(request.getContainerId());
          return ContainerStatsResponse.newBuilder()
              .setStats(
                  flows
                      .stats()
                      .of(container)
                      .orElseThrow(() ->
                          new NotFoundException(
                              "container " + container.id() + ": is not running")))
              .build();
        });
  }

  @Override
  public void listContainerStats(
      ListContainerStatsRequest request, StreamObserver<ListContainerStatsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListContainerStatsResponse.newBuilder()
                .addAllStats(flows.stats().containers(request.getFilter()))
                .build());
  }

  @Override
  public void streamContainerStats(
      StreamContainerStatsRequest request, StreamObserver<StreamContainerStatsResponse> observer) {
    pages(
        observer,
        flows.stats().containers(request.getFilter()),
        page -> StreamContainerStatsResponse.newBuilder().addAllContainerStats(page).build());
  }

  @Override
  public void podSandboxStats(
      PodSandboxStatsRequest request, StreamObserver<PodSandboxStatsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            PodSandboxStatsResponse.newBuilder()
                .setStats(flows.stats().of(flows.records().pod(request.getPodSandboxId())))
                .build());
  }

  @Override
  public void listPodSandboxStats(
      ListPodSandboxStatsRequest request, StreamObserver<ListPodSandboxStatsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListPodSandboxStatsResponse.newBuilder()
                .addAllStats(flows.stats().pods(request.getFilter()))
                .build());
  }

  @Override
  public void streamPodSandboxStats(
      StreamPodSandboxStatsRequest request,
      StreamObserver<StreamPodSandboxStatsResponse> observer) {
    pages(
        observer,
        flows.stats().pods(request.getFilter()),
        page -> StreamPodSandboxStatsResponse.newBuilder().addAllPodSandboxStats(page).build());
  }

  @Override
  public void listMetricDescriptors(
      ListMetricDescriptorsRequest request,
      StreamObserver<ListMetricDescriptorsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListMetricDescriptorsResponse.newBuilder()
                .addAllDescriptors(MetricCatalog.descriptors())
                .build());
  }

  @Override
  public void listPodSandboxMetrics(
      ListPodSandboxMetricsRequest request,
      StreamObserver<ListPodSandboxMetricsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListPodSandboxMetricsResponse.newBuilder()
                .addAllPodMetrics(flows.metrics().list())
                .build());
  }

  @Override
  public void streamPodSandboxMetrics(
      StreamPodSandboxMetricsRequest request,
      StreamObserver<StreamPodSandboxMetricsResponse> observer) {
    pages(
        observer,
        flows.metrics().list(),
        page -> StreamPodSandboxMetricsResponse.newBuilder().addAllPodSandboxMetrics(page).build());
  }

  @Override
  public void getContainerEvents(
      GetEventsRequest request, StreamObserver<ContainerEventResponse> observer) {
    Calls.stream(
        observer,
        sink -> {
          try (ContainerEvents.Subscription subscription = flows.events().subscribe()) {
            while (true) {
              sink.send(subscription.next());
            }
          }
        });
  }

  // ---- the runtime itself

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          StatusResponse.Builder response = flows.runtimes().status(flows.networks().readiness());
          if (request.getVerbose()) {
            response.putInfo("config", flows.info().get());
            response.putInfo("cniconfig", flows.networks().cni().describe(""));
            response.putInfo("lastCNILoadStatus", flows.networks().cni().status("").lastLoad());
            for (String handler : flows.networks().cni().handlers()) {
              response.putInfo(
                  "lastCNILoadStatus." + handler,
                  flows.networks().cni().status(handler).lastLoad());
            }
          }
          return response.build();
        });
  }

  @Override
  public void runtimeConfig(
      RuntimeConfigRequest request, StreamObserver<RuntimeConfigResponse> observer) {
    Calls.unary(
        observer,
        () ->
            RuntimeConfigResponse.newBuilder()
                .setLinux(
                    LinuxRuntimeConfiguration.newBuilder()
                        .setCgroupDriver(
                            flows.runtimes().systemd("")
                                ? CgroupDriver.SYSTEMD
                                : CgroupDriver.CGROUPFS))
                .build());
  }

  @Override
  public void updateRuntimeConfig(
      UpdateRuntimeConfigRequest request, StreamObserver<UpdateRuntimeConfigResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          String cidr = request.getRuntimeConfig().getNetworkConfig().getPodCidr();
          if (cidr.length() > 256) {
            throw new InvalidArgumentException("pod CIDR: longer than 256 characters");
          }
          if (!cidr.isEmpty()) {
            flows.networks().podCidr(cidr);
          }
          return UpdateRuntimeConfigResponse.getDefaultInstance();
        });
  }
}
