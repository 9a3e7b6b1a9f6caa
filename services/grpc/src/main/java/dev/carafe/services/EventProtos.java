package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.carafe.api.events.ContainerCreate;
import dev.carafe.api.events.ContainerDelete;
import dev.carafe.api.events.ContainerUpdate;
import dev.carafe.api.events.ContentCreate;
import dev.carafe.api.events.ContentDelete;
import dev.carafe.api.events.ImageCreate;
import dev.carafe.api.events.ImageDelete;
import dev.carafe.api.events.ImageUpdate;
import dev.carafe.api.events.NamespaceCreate;
import dev.carafe.api.events.NamespaceDelete;
import dev.carafe.api.events.NamespaceUpdate;
import dev.carafe.api.events.SandboxCreate;
import dev.carafe.api.events.SandboxExit;
import dev.carafe.api.events.SandboxStart;
import dev.carafe.api.events.SnapshotCommit;
import dev.carafe.api.events.SnapshotPrepare;
import dev.carafe.api.events.SnapshotRemove;
import dev.carafe.api.events.TaskCheckpointed;
import dev.carafe.api.events.TaskCreate;
import dev.carafe.api.events.TaskDelete;
import dev.carafe.api.events.TaskExecAdded;
import dev.carafe.api.events.TaskExecStarted;
import dev.carafe.api.events.TaskExit;
import dev.carafe.api.events.TaskIO;
import dev.carafe.api.events.TaskOOM;
import dev.carafe.api.events.TaskPaused;
import dev.carafe.api.events.TaskResumed;
import dev.carafe.api.events.TaskStart;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Events as messages, and the fields that filters ask them for. */
final class EventProtos {
  private static final Map<String, Parser<? extends Message>> KNOWN = known();

  private EventProtos() {}

  private static Map<String, Parser<? extends Message>> known() {
    Map<String, Parser<? extends Message>> known = new HashMap<>();
    for (Message message :
        List.<Message>of(
            ContainerCreate.getDefaultInstance(),
            ContainerUpdate.getDefaultInstance(),
            ContainerDelete.getDefaultInstance(),
            ContentCreate.getDefaultInstance(),
            ContentDelete.getDefaultInstance(),
            ImageCreate.getDefaultInstance(),
            ImageUpdate.getDefaultInstance(),
            ImageDelete.getDefaultInstance(),
            NamespaceCreate.getDefaultInstance(),
            NamespaceUpdate.getDefaultInstance(),
            NamespaceDelete.getDefaultInstance(),
            SandboxCreate.getDefaultInstance(),
            SandboxStart.getDefaultInstance(),
            SandboxExit.getDefaultInstance(),
            SnapshotPrepare.getDefaultInstance(),
            SnapshotCommit.getDefaultInstance(),
            SnapshotRemove.getDefaultInstance(),
            TaskCreate.getDefaultInstance(),
            TaskStart.getDefaultInstance(),
            TaskDelete.getDefaultInstance(),
            TaskExit.getDefaultInstance(),
            TaskOOM.getDefaultInstance(),
            TaskExecAdded.getDefaultInstance(),
            TaskExecStarted.getDefaultInstance(),
            TaskPaused.getDefaultInstance(),
            TaskResumed.getDefaultInstance(),
            TaskCheckpointed.getDefaultInstance())) {
      known.put(message.getDescriptorForType().getFullName(), message.getParserForType());
    }
    return Map.copyOf(known);
  }

  static Any any(Event event) {
    return event instanceof Event.Foreign foreign
        ? Anys.of(foreign.typeUrl(), ByteString.copyFrom(foreign.value()))
        : Anys.pack(message(event));
  }

  static Event foreign(String topic, Any event) {
    return new Event.Foreign(topic, event.getTypeUrl(), event.getValue().toByteArray());
  }

  /**
   * An envelope that somebody else filled.
   *
   * @throws InvalidArgumentException if it lacks a timestamp, or its namespace or topic is none
   */
  static Envelope forwarded(dev.carafe.api.types.Envelope envelope) {
    if (!envelope.hasTimestamp()) {
      throw new InvalidArgumentException("timestamp must be set on forwarded event");
    }
    return new Envelope(
        Protos.instant(envelope.getTimestamp()),
        new Namespace(envelope.getNamespace()).name(),
        envelope.getTopic(),
        foreign(envelope.getTopic(), envelope.getEvent()));
  }

  private static ContainerCreate.Runtime runtime(Event.ContainerCreated created) {
    ContainerCreate.Runtime.Builder runtime =
        ContainerCreate.Runtime.newBuilder().setName(created.runtime());
    Event.RuntimeOptions options = created.options();
    if (options != null) {
      runtime.setOptions(Anys.of(options.typeUrl(), ByteString.copyFrom(options.value())));
    }
    return runtime.build();
  }

  private static Message message(Event event) {
    return switch (event) {
      case Event.ContainerCreated e ->
          ContainerCreate.newBuilder()
              .setId(e.id())
              .setImage(e.image())
              .setRuntime(runtime(e))
              .build();
      case Event.ContainerUpdated e ->
          ContainerUpdate.newBuilder()
              .setId(e.id())
              .setImage(e.image())
              .putAllLabels(e.labels())
              .setSnapshotKey(e.snapshotKey())
              .build();
      case Event.ContainerDeleted e -> ContainerDelete.newBuilder().setId(e.id()).build();
      case Event.ContentCreated e ->
          ContentCreate.newBuilder().setDigest(e.digest().toString()).setSize(e.size()).build();
      case Event.ContentDeleted e ->
          ContentDelete.newBuilder().setDigest(e.digest().toString()).build();
      case Event.ImageCreated e ->
          ImageCreate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.ImageUpdated e ->
          ImageUpdate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.ImageDeleted e -> ImageDelete.newBuilder().setName(e.name()).build();
      case Event.NamespaceCreated e ->
          NamespaceCreate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.NamespaceUpdated e ->
          NamespaceUpdate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.NamespaceDeleted e -> NamespaceDelete.newBuilder().setName(e.name()).build();
      case Event.SnapshotPrepared e ->
          SnapshotPrepare.newBuilder()
              .setKey(e.key())
              .setParent(e.parent())
              .setSnapshotter(e.snapshotter())
              .build();
      case Event.SnapshotCommitted e ->
          SnapshotCommit.newBuilder()
              .setKey(e.key())
              .setName(e.name())
              .setSnapshotter(e.snapshotter())
              .build();
      case Event.SnapshotRemoved e ->
          SnapshotRemove.newBuilder().setKey(e.key()).setSnapshotter(e.snapshotter()).build();
      case Event.SandboxCreated e -> SandboxCreate.newBuilder().setSandboxId(e.id()).build();
      case Event.SandboxStarted e -> SandboxStart.newBuilder().setSandboxId(e.id()).build();
      case Event.SandboxExited e ->
          SandboxExit.newBuilder()
              .setSandboxId(e.id())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Protos.timestamp(e.exitedAt()))
              .build();
      case Event.TaskCreated e -> taskCreate(e);
      case Event.TaskStarted e ->
          TaskStart.newBuilder().setContainerId(e.containerId()).setPid((int) e.pid()).build();
      case Event.TaskDeleted e ->
          TaskDelete.newBuilder()
              .setContainerId(e.containerId())
              .setId(e.id())
              .setPid((int) e.pid())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Protos.timestamp(e.exitedAt()))
              .build();
      case Event.TaskExited e ->
          TaskExit.newBuilder()
              .setContainerId(e.containerId())
              .setId(e.id())
              .setPid((int) e.pid())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Protos.timestamp(e.exitedAt()))
              .build();
      case Event.TaskOom e -> TaskOOM.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskExecAdded e ->
          TaskExecAdded.newBuilder().setContainerId(e.containerId()).setExecId(e.execId()).build();
      case Event.TaskExecStarted e ->
          TaskExecStarted.newBuilder()
              .setContainerId(e.containerId())
              .setExecId(e.execId())
              .setPid((int) e.pid())
              .build();
      case Event.TaskPaused e -> TaskPaused.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskResumed e -> TaskResumed.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskCheckpointed e ->
          TaskCheckpointed.newBuilder()
              .setContainerId(e.containerId())
              .setCheckpoint(e.checkpoint())
              .build();
      case Event.Foreign e -> throw new IllegalArgumentException("already typed: " + e.typeUrl());
    };
  }

  private static Message taskCreate(Event.TaskCreated e) {
    return TaskCreate.newBuilder()
        .setContainerId(e.containerId())
        .setBundle(e.bundle())
        .addAllRootfs(Protos.mounts(e.rootfs()))
        .setIo(
            TaskIO.newBuilder()
                .setStdin(e.stdin())
                .setStdout(e.stdout())
                .setStderr(e.stderr())
                .setTerminal(e.terminal()))
        .setCheckpoint(e.checkpoint())
        .setPid((int) e.pid())
        .build();
  }

  /** A field of an event by its wire name, as text, or null. */
  static @Nullable String field(Event event, List<String> path) {
    Message message;
    if (event instanceof Event.Foreign foreign) {
      String name = foreign.typeUrl().substring(foreign.typeUrl().lastIndexOf('/') + 1);
      Parser<? extends Message> parser = KNOWN.get(name);
      if (parser == null) {
        return null;
      }
      try {
        message = parser.parseFrom(foreign.value());
      } catch (InvalidProtocolBufferException e) {
        return null;
      }
    } else {
      message = message(event);
    }
    return field(message, path);
  }

  private static @Nullable String field(Message message, List<String> path) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(path.getFirst());
    if (field == null) {
      return null;
    }
    List<String> rest = path.subList(1, path.size());
    if (field.isMapField()) {
      String key = String.join(".", rest);
      for (Object entry : (List<?>) message.getField(field)) {
        MapEntry<?, ?> pair = (MapEntry<?, ?>) entry;
        if (pair.getKey().equals(key)) {
          return String.valueOf(pair.getValue());
        }
      }
      return null;
    }
    if (field.isRepeated()) {
      return null;
    }
    if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      return rest.isEmpty() || !message.hasField(field)
          ? null
          : field((Message) message.getField(field), rest);
    }
    return rest.isEmpty() ? String.valueOf(message.getField(field)) : null;
  }
}
