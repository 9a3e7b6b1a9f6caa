package dev.carafe.plugin.nri;

import com.google.protobuf.MessageLite;
import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.ContainerEviction;
import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Event;
import dev.carafe.api.nri.v1alpha1.PluginInstance;
import dev.carafe.api.nri.v1alpha1.PodSandbox;
import dev.carafe.api.nri.v1alpha1.PostCreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostStartContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostUpdateContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostUpdatePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.RemoveContainerRequest;
import dev.carafe.api.nri.v1alpha1.RemovePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.RunPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.StartContainerRequest;
import dev.carafe.api.nri.v1alpha1.StateChangeEvent;
import dev.carafe.api.nri.v1alpha1.StopContainerRequest;
import dev.carafe.api.nri.v1alpha1.StopContainerResponse;
import dev.carafe.api.nri.v1alpha1.StopPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainerRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainerResponse;
import dev.carafe.api.nri.v1alpha1.UpdatePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import dev.carafe.spi.pods.PodHooks;
import dev.carafe.spi.pods.PodHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks and tells NRI plugins, one after the other in the order of their indices. An error that a
 * plugin answers with counts; a plugin that is gone, or does not answer in time, is dropped and
 * counts no more.
 */
final class Nri implements PodHooks, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Nri.class);

  private final NriConfig config;
  private final DefaultValidator validator;
  private final Plugins plugins;

  Nri(NriConfig config, Path state) {
    this.config = config;
    this.validator = new DefaultValidator(config.defaultValidator());
    this.plugins = new Plugins(config, state);
  }

  @Override
  public boolean active() {
    return !config.disable() && (validator.enabled() || plugins.any());
  }

  @Override
  public void attach(PodHost host) {
    if (!config.disable()) {
      plugins.start(host);
    }
  }

  // ---- pods

  @Override
  public void podStarting(PodFacts facts) {
    PodSandbox pod = Messages.pod(facts);
    tell(
        Event.RUN_POD_SANDBOX,
        "RunPodSandbox",
        RunPodSandboxRequest.newBuilder().setPod(pod).build(),
        pod,
        null);
  }

  @Override
  public void podUpdating(PodFacts facts, byte[] overhead, byte[] resources) {
    PodSandbox pod = Messages.pod(facts);
    tell(
        Event.UPDATE_POD_SANDBOX,
        "UpdatePodSandbox",
        UpdatePodSandboxRequest.newBuilder()
            .setPod(pod)
            .setOverheadLinuxResources(Limits.read(overhead))
            .setLinuxResources(Limits.read(resources))
            .build(),
        pod,
        null);
  }

  @Override
  public void podUpdated(PodFacts facts) {
    PodSandbox pod = Messages.pod(facts);
    tell(
        Event.POST_UPDATE_POD_SANDBOX,
        "PostUpdatePodSandbox",
        PostUpdatePodSandboxRequest.newBuilder().setPod(pod).build(),
        pod,
        null);
  }

  @Override
  public void podStopping(PodFacts facts) {
    PodSandbox pod = Messages.pod(facts);
    tell(
        Event.STOP_POD_SANDBOX,
        "StopPodSandbox",
        StopPodSandboxRequest.newBuilder().setPod(pod).build(),
        pod,
        null);
  }

  @Override
  public void podRemoved(PodFacts facts) {
    PodSandbox pod = Messages.pod(facts);
    tell(
        Event.REMOVE_POD_SANDBOX,
        "RemovePodSandbox",
        RemovePodSandboxRequest.newBuilder().setPod(pod).build(),
        pod,
        null);
  }

  // ---- containers

  @Override
  public AdjustedContainer containerCreating(PodFacts pod, ContainerFacts container) {
    List<Peer> asked = plugins.beginCreation(container.id());
    try {
      var creation = new Creation(container);
      Container pristine = creation.container();
      PodSandbox podMessage = Messages.pod(pod);
      Map<String, Peer> consulted = new LinkedHashMap<>();
      for (Peer peer : asked) {
        CreateContainerRequest request =
            CreateContainerRequest.newBuilder()
                .setPod(podMessage)
                .setContainer(creation.container())
                .build();
        CreateContainerResponse answer = create(peer, request);
        if (!peer.isClosed()) {
          consulted.put(peer.toString(), peer);
          creation.apply(answer, peer.toString());
        }
      }
      validate(pod, container, podMessage, pristine, creation, List.copyOf(consulted.values()));
      carryOut(creation.updates(), creation.evictions());
      return creation.result();
    } catch (InterruptedException e) {
      throw Peer.cancelled(e);
    } finally {
      plugins.endCreation(container.id());
    }
  }

  private static CreateContainerResponse create(Peer peer, CreateContainerRequest request)
      throws InterruptedException {
    CreateContainerResponse answer = null;
    if (peer.wants(Event.CREATE_CONTAINER)) {
      try {
        answer = peer.ask("CreateContainer", request, CreateContainerResponse.parser());
      } catch (Peer.GoneException e) {
        log.debug("goes on without: {}", e.getMessage());
      }
    }
    return answer == null ? CreateContainerResponse.getDefaultInstance() : answer;
  }

  private void validate(
      PodFacts pod,
      ContainerFacts container,
      PodSandbox podMessage,
      Container pristine,
      Creation creation,
      List<Peer> consulted)
      throws InterruptedException {
    validator.check(
        pod,
        container,
        creation.ownership(),
        consulted.stream().map(Peer::name).collect(Collectors.toSet()));
    ValidateContainerAdjustmentRequest.Builder request =
        ValidateContainerAdjustmentRequest.newBuilder()
            .setPod(podMessage)
            .setContainer(pristine)
            .setAdjust(creation.wanted())
            .addAllUpdate(creation.updates().all())
            .setOwners(creation.ownership().message());
    for (Peer peer : consulted) {
      request.addPlugins(PluginInstance.newBuilder().setName(peer.name()).setIndex(peer.index()));
    }
    for (Peer peer : consulted) {
      if (peer.wants(Event.VALIDATE_CONTAINER_ADJUSTMENT)) {
        validate(peer, container.id(), request.build());
      }
    }
  }

  /** A validator that is gone has not agreed. */
  private static void validate(
      Peer peer, String container, ValidateContainerAdjustmentRequest request)
      throws InterruptedException {
    try {
      ValidateContainerAdjustmentResponse answer =
          peer.ask(
              "ValidateContainerAdjustment", request, ValidateContainerAdjustmentResponse.parser());
      if (answer != null && answer.getReject()) {
        throw new PermissionDeniedException(
            "container "
                + container
                + ": refused by NRI plugin \""
                + peer
                + "\": "
                + answer.getReason());
      }
    } catch (Peer.GoneException e) {
      throw new FailedPreconditionException(
          "container " + container + ": not validated: " + e.getMessage(), e);
    }
  }

  @Override
  public void containerCreated(PodFacts podFacts, ContainerFacts facts) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    tell(
        Event.POST_CREATE_CONTAINER,
        "PostCreateContainer",
        PostCreateContainerRequest.newBuilder().setPod(pod).setContainer(container).build(),
        pod,
        container);
  }

  @Override
  public void containerStarting(PodFacts podFacts, ContainerFacts facts) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    tell(
        Event.START_CONTAINER,
        "StartContainer",
        StartContainerRequest.newBuilder().setPod(pod).setContainer(container).build(),
        pod,
        container);
  }

  @Override
  public void containerStarted(PodFacts podFacts, ContainerFacts facts) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    tell(
        Event.POST_START_CONTAINER,
        "PostStartContainer",
        PostStartContainerRequest.newBuilder().setPod(pod).setContainer(container).build(),
        pod,
        container);
  }

  @Override
  public byte[] containerUpdating(PodFacts podFacts, ContainerFacts facts, byte[] resources) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    Map<String, Object> limits = Json.object("resources", resources).members();
    var updates = new Updates(new Ownership());
    List<ContainerEviction> evictions = new ArrayList<>();
    try {
      for (Peer peer : plugins.all()) {
        UpdateContainerRequest request =
            UpdateContainerRequest.newBuilder()
                .setPod(pod)
                .setContainer(container)
                .setLinuxResources(Limits.read(Json.bytes(limits)))
                .build();
        UpdateContainerResponse answer = update(peer, request);
        updates.add(answer.getUpdateList(), peer.toString());
        Limits.overlay(limits, updates.take(facts.id()));
        evictions.addAll(answer.getEvictList());
      }
    } catch (InterruptedException e) {
      throw Peer.cancelled(e);
    }
    carryOut(updates, evictions);
    return Json.bytes(limits);
  }

  private static UpdateContainerResponse update(Peer peer, UpdateContainerRequest request)
      throws InterruptedException {
    UpdateContainerResponse answer = null;
    if (peer.wants(Event.UPDATE_CONTAINER)) {
      try {
        answer = peer.ask("UpdateContainer", request, UpdateContainerResponse.parser());
      } catch (Peer.GoneException e) {
        log.debug("goes on without: {}", e.getMessage());
      }
    }
    return answer == null ? UpdateContainerResponse.getDefaultInstance() : answer;
  }

  @Override
  public void containerUpdated(PodFacts podFacts, ContainerFacts facts) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    tell(
        Event.POST_UPDATE_CONTAINER,
        "PostUpdateContainer",
        PostUpdateContainerRequest.newBuilder().setPod(pod).setContainer(container).build(),
        pod,
        container);
  }

  @Override
  public void containerStopped(PodFacts podFacts, ContainerFacts facts) {
    StopContainerRequest request =
        StopContainerRequest.newBuilder()
            .setPod(Messages.pod(podFacts))
            .setContainer(Messages.container(facts))
            .build();
    var updates = new Updates(new Ownership());
    eachOf(
        Event.STOP_CONTAINER,
        peer -> {
          StopContainerResponse answer =
              peer.ask("StopContainer", request, StopContainerResponse.parser());
          if (answer != null) {
            updates.add(answer.getUpdateList(), peer.toString());
          }
        });
    carryOut(updates, List.of());
  }

  @Override
  public void containerRemoved(PodFacts podFacts, ContainerFacts facts) {
    PodSandbox pod = Messages.pod(podFacts);
    Container container = Messages.container(facts);
    tell(
        Event.REMOVE_CONTAINER,
        "RemoveContainer",
        RemoveContainerRequest.newBuilder().setPod(pod).setContainer(container).build(),
        pod,
        container);
  }

  // ---- all plugins

  private interface Question {
    void to(Peer peer) throws Peer.GoneException, InterruptedException;
  }

  private void tell(
      Event event,
      String method,
      MessageLite request,
      PodSandbox pod,
      @Nullable Container container) {
    StateChangeEvent.Builder change = StateChangeEvent.newBuilder().setEvent(event).setPod(pod);
    if (container != null) {
      change.setContainer(container);
    }
    eachOf(event, peer -> peer.tell(method, request, change.build()));
  }

  /** What one plugin answers with an error keeps no other from being asked; the first counts. */
  private void eachOf(Event event, Question question) {
    DaemonException first = null;
    for (Peer peer : plugins.all()) {
      if (peer.wants(event)) {
        try {
          question.to(peer);
        } catch (Peer.GoneException e) {
          log.debug("goes on without: {}", e.getMessage());
        } catch (InterruptedException e) {
          throw Peer.cancelled(e);
        } catch (DaemonException e) {
          first = first == null ? e : first;
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private void carryOut(Updates updates, List<ContainerEviction> evictions) {
    PodHost host = plugins.host();
    List<ContainerUpdate> failed = updates.carryOut(host);
    evictions.forEach(one -> host.evict(one.getContainerId(), one.getReason()));
    if (!failed.isEmpty()) {
      throw new FailedPreconditionException(
          "NRI plugins: containers could not be updated: "
              + failed.stream()
                  .map(ContainerUpdate::getContainerId)
                  .collect(Collectors.joining(", ")));
    }
  }

  @Override
  public void close() {
    plugins.close();
  }
}
