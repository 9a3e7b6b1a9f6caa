package dev.carafe.cri;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.DataLossException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pod sandbox.
 *
 * @param config as the kubelet sent it
 * @param handler name of the runtime that its containers run in
 * @param sandboxer who makes what its containers run in
 * @param pid of a process in its namespaces, where a shim tells of one; else 0
 * @param ready false once it is stopped, and until it has been set up
 * @param setUp whether it has ever been ready
 * @param ips of its network, the preferred one first; empty in the host's network
 */
record Pod(
    String id,
    PodSandboxConfig config,
    String handler,
    Sandboxer sandboxer,
    long pid,
    boolean ready,
    boolean setUp,
    List<String> ips,
    Instant createdAt) {
  Pod {
    ips = List.copyOf(ips);
  }

  /** What two requests for the same sandbox have in common. */
  static String identity(PodSandboxConfig config) {
    var metadata = config.getMetadata();
    return metadata.getName()
        + "_"
        + metadata.getNamespace()
        + "_"
        + metadata.getUid()
        + "_"
        + Integer.toUnsignedString(metadata.getAttempt());
  }

  String identity() {
    return identity(config);
  }

  Pod becameReady(long process, List<String> addresses) {
    return new Pod(id, config, handler, sandboxer, process, true, true, addresses, createdAt);
  }

  Pod stopped() {
    return new Pod(id, config, handler, sandboxer, pid, false, setUp, ips, createdAt);
  }

  Pod with(PodSandboxConfig next) {
    return new Pod(id, next, handler, sandboxer, pid, ready, setUp, ips, createdAt);
  }

  boolean hostNetwork() {
    return mode(config.getLinux().getSecurityContext().getNamespaceOptions().getNetwork());
  }

  boolean hostPid() {
    return mode(config.getLinux().getSecurityContext().getNamespaceOptions().getPid());
  }

  boolean hostIpc() {
    return mode(config.getLinux().getSecurityContext().getNamespaceOptions().getIpc());
  }

  private static boolean mode(NamespaceMode mode) {
    return mode == NamespaceMode.NODE;
  }

  byte[] encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("config", Base64.getEncoder().encodeToString(config.toByteArray()));
    json.put("handler", handler);
    json.put("sandboxer", sandboxer.controller());
    json.put("pid", pid);
    json.put("ready", ready);
    json.put("set_up", setUp);
    json.put("ips", ips);
    json.put("created_at", createdAt.toString());
    return Json.bytes(json);
  }

  static Pod decode(String id, byte[] bytes) {
    JsonObject json = Json.object("pod " + id, bytes);
    try {
      return new Pod(
          id,
          PodSandboxConfig.parseFrom(
              ByteString.copyFrom(Base64.getDecoder().decode(json.text("config")))),
          json.text("handler"),
          Sandboxer.of(json.text("sandboxer")),
          json.number("pid", 0),
          json.flag("ready"),
          json.flag("set_up"),
          json.texts("ips"),
          Instant.parse(json.text("created_at")));
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      throw new DataLossException("pod \"" + id + "\": record cannot be read: " + e, e);
    }
  }
}
