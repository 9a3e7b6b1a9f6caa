package dev.carafe.cri;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.DataLossException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container of a pod.
 *
 * @param config as the kubelet sent it, resources as they were last changed
 * @param imageId of what it runs
 * @param stopSignal number of the signal that asks it to end
 * @param startedAt null until it is started
 * @param exit null until it has ended
 */
record CriContainer(
    String id,
    String podId,
    ContainerConfig config,
    String imageId,
    String logPath,
    int stopSignal,
    ContainerUser user,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Exit exit) {

  /**
   * How it ended.
   *
   * @param reason one word for the kubelet
   */
  record Exit(int code, String reason, String message, Instant at) {
    static final String COMPLETED = "Completed";
    static final String ERROR = "Error";
    static final String OOM_KILLED = "OOMKilled";
    static final String START_ERROR = "StartError";
    static final String UNKNOWN = "Unknown";
  }

  static String identity(String podId, ContainerConfig config) {
    var metadata = config.getMetadata();
    return podId + "_" + metadata.getName() + "_" + Integer.toUnsignedString(metadata.getAttempt());
  }

  String identity() {
    return identity(podId, config);
  }

  ContainerState state() {
    if (exit != null) {
      return ContainerState.CONTAINER_EXITED;
    }
    return startedAt == null ? ContainerState.CONTAINER_CREATED : ContainerState.CONTAINER_RUNNING;
  }

  boolean running() {
    return startedAt != null && exit == null;
  }

  CriContainer started(Instant at) {
    return new CriContainer(
        id, podId, config, imageId, logPath, stopSignal, user, createdAt, at, null);
  }

  CriContainer ended(Exit how) {
    return new CriContainer(
        id, podId, config, imageId, logPath, stopSignal, user, createdAt, startedAt, how);
  }

  CriContainer with(ContainerConfig next) {
    return new CriContainer(
        id, podId, next, imageId, logPath, stopSignal, user, createdAt, startedAt, exit);
  }

  byte[] encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("pod", podId);
    json.put("config", Base64.getEncoder().encodeToString(config.toByteArray()));
    json.put("image_id", imageId);
    json.put("log_path", logPath);
    json.put("stop_signal", stopSignal);
    json.put("uid", user.uid());
    json.put("gid", user.gid());
    json.put("groups", user.additionalGids().stream().map(String::valueOf).toList());
    json.put("created_at", createdAt.toString());
    if (startedAt != null) {
      json.put("started_at", startedAt.toString());
    }
    if (exit != null) {
      json.put("exit_code", exit.code());
      json.put("reason", exit.reason());
      json.put("message", exit.message());
      json.put("finished_at", exit.at().toString());
    }
    return Json.bytes(json);
  }

  static CriContainer decode(String id, byte[] bytes) {
    JsonObject json = Json.object("container " + id, bytes);
    try {
      List<Long> groups = json.texts("groups").stream().map(Long::parseLong).toList();
      return new CriContainer(
          id,
          json.text("pod"),
          ContainerConfig.parseFrom(
              ByteString.copyFrom(Base64.getDecoder().decode(json.text("config")))),
          json.text("image_id"),
          json.text("log_path"),
          (int) json.number("stop_signal", 15),
          new ContainerUser(json.number("uid", 0), json.number("gid", 0), groups),
          Instant.parse(json.text("created_at")),
          time(json, "started_at"),
          exit(json));
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      throw new DataLossException("container \"" + id + "\": record cannot be read: " + e, e);
    }
  }

  private static @Nullable Instant time(JsonObject json, String name) {
    return json.has(name) ? Instant.parse(json.text(name)) : null;
  }

  private static @Nullable Exit exit(JsonObject json) {
    Instant at = time(json, "finished_at");
    return at == null
        ? null
        : new Exit(
            (int) json.number("exit_code", 0), json.text("reason"), json.text("message"), at);
  }
}
