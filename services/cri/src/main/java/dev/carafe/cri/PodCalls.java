package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.api.cri.v1.ListPodSandboxRequest;
import dev.carafe.api.cri.v1.ListPodSandboxResponse;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxStatusRequest;
import dev.carafe.api.cri.v1.PodSandboxStatusResponse;
import dev.carafe.api.cri.v1.RemovePodSandboxRequest;
import dev.carafe.api.cri.v1.RemovePodSandboxResponse;
import dev.carafe.api.cri.v1.RunPodSandboxRequest;
import dev.carafe.api.cri.v1.RunPodSandboxResponse;
import dev.carafe.api.cri.v1.RuntimeServiceGrpc;
import dev.carafe.api.cri.v1.StopPodSandboxRequest;
import dev.carafe.api.cri.v1.StopPodSandboxResponse;
import dev.carafe.api.cri.v1.StreamPodSandboxesRequest;
import dev.carafe.api.cri.v1.StreamPodSandboxesResponse;
import dev.carafe.api.cri.v1.UpdatePodSandboxResourcesRequest;
import dev.carafe.api.cri.v1.UpdatePodSandboxResourcesResponse;
import dev.carafe.services.Calls;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.List;

/** The part of {@code runtime.v1.RuntimeService} that is about pods. */
abstract class PodCalls extends RuntimeServiceGrpc.RuntimeServiceImplBase {
  private static final int PAGE = 100;

  final Cri.Flows flows;

  PodCalls(Cri.Flows flows) {
    this.flows = flows;
  }

  @Override
  public void runPodSandbox(
      RunPodSandboxRequest request, StreamObserver<RunPodSandboxResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          String handler = flows.runtimes().handler(request.getRuntimeHandler());
          String id = flows.pods().run(request.getConfig(), handler);
          publish(id, id, ContainerEventType.CONTAINER_STARTED_EVENT);
          return RunPodSandboxResponse.newBuilder().setPodSandboxId(id).build();
        });
  }

  @Override
  public void stopPodSandbox(
      StopPodSandboxRequest request, StreamObserver<StopPodSandboxResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().findPod(request.getPodSandboxId());
          flows.pods().stop(request.getPodSandboxId());
          if (pod != null && pod.ready()) {
            publish(pod.id(), pod.id(), ContainerEventType.CONTAINER_STOPPED_EVENT);
          }
          return StopPodSandboxResponse.getDefaultInstance();
        });
  }

  @Override
  public void removePodSandbox(
      RemovePodSandboxRequest request, StreamObserver<RemovePodSandboxResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().findPod(request.getPodSandboxId());
          flows.pods().remove(request.getPodSandboxId());
          if (pod != null) {
            publish(pod.id(), pod.id(), ContainerEventType.CONTAINER_DELETED_EVENT);
          }
          return RemovePodSandboxResponse.getDefaultInstance();
        });
  }

  @Override
  public void podSandboxStatus(
      PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().pod(request.getPodSandboxId());
          PodSandboxStatusResponse.Builder response =
              PodSandboxStatusResponse.newBuilder()
                  .setStatus(Views.status(pod))
                  .setTimestamp(Stats.nanos(Instant.now()));
          flows
              .records()
              .containersOf(pod.id())
              .forEach(c -> response.addContainersStatuses(Views.status(c)));
          if (request.getVerbose()) {
            response.putAllInfo(flows.pods().details(pod)).putInfo("info", Info.of(pod));
          }
          return response.build();
        });
  }

  @Override
  public void listPodSandbox(
      ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ListPodSandboxResponse.newBuilder()
                .addAllItems(Views.pods(flows.records(), request.getFilter()))
                .build());
  }

  @Override
  public void streamPodSandboxes(
      StreamPodSandboxesRequest request, StreamObserver<StreamPodSandboxesResponse> observer) {
    pages(
        observer,
        Views.pods(flows.records(), request.getFilter()),
        page -> StreamPodSandboxesResponse.newBuilder().addAllPodSandboxes(page).build());
  }

  @Override
  public void updatePodSandboxResources(
      UpdatePodSandboxResourcesRequest request,
      StreamObserver<UpdatePodSandboxResourcesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Pod pod = flows.records().pod(request.getPodSandboxId());
          PodSandboxConfig.Builder config = pod.config().toBuilder();
          if (request.hasOverhead()) {
            config.getLinuxBuilder().setOverhead(request.getOverhead());
          }
          if (request.hasResources()) {
            config.getLinuxBuilder().setResources(request.getResources());
          }
          flows
              .hooks()
              .podUpdating(pod, config.getLinux().getOverhead(), config.getLinux().getResources());
          flows.hooks().podUpdated(flows.records().change(pod, p -> p.with(config.build())));
          return UpdatePodSandboxResourcesResponse.getDefaultInstance();
        });
  }

  final void publish(String containerId, String podId, ContainerEventType type) {
    flows.events().publish(Views.event(flows.records(), containerId, podId, type));
  }

  interface Page<T, R> {
    R of(List<T> items);
  }

  static <T, R> void pages(StreamObserver<R> observer, List<T> all, Page<T, R> page) {
    Calls.stream(
        observer,
        sink -> {
          for (int from = 0; from < all.size(); from += PAGE) {
            sink.send(page.of(all.subList(from, Math.min(all.size(), from + PAGE))));
          }
        });
  }
}
