package dev.carafe.plugin.nri;

import com.google.protobuf.Message;
import dev.carafe.api.nri.v1alpha1.HugepageLimit;
import dev.carafe.api.nri.v1alpha1.LinuxCPU;
import dev.carafe.api.nri.v1alpha1.LinuxDeviceCgroup;
import dev.carafe.api.nri.v1alpha1.LinuxMemory;
import dev.carafe.api.nri.v1alpha1.LinuxPids;
import dev.carafe.api.nri.v1alpha1.LinuxResources;
import dev.carafe.api.nri.v1alpha1.OptionalInt64;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code linux.resources} of the OCI runtime specification, and what NRI makes of it. */
final class Limits {
  private Limits() {}

  static LinuxResources read(byte[] json) {
    return json.length == 0
        ? LinuxResources.getDefaultInstance()
        : read(Json.object("resources", json));
  }

  static LinuxResources read(JsonObject json) {
    LinuxResources.Builder resources = LinuxResources.newBuilder();
    LinuxMemory.Builder memory = LinuxMemory.newBuilder();
    Map<String, Object> of = json.object("memory").members();
    Knob.MEMORY.forEach(knob -> knob.put(memory, of.get(knob.json())));
    LinuxCPU.Builder cpu = LinuxCPU.newBuilder();
    Map<String, Object> time = json.object("cpu").members();
    Knob.CPU.forEach(knob -> knob.put(cpu, time.get(knob.json())));
    resources.setMemory(memory).setCpu(cpu);
    for (JsonObject limit : json.objects("hugepageLimits")) {
      resources.addHugepageLimits(
          HugepageLimit.newBuilder()
              .setPageSize(limit.text("pageSize"))
              .setLimit(Members.bits(limit, "limit")));
    }
    json.textMap("unified").forEach(resources::putUnified);
    for (JsonObject rule : json.objects("devices")) {
      resources.addDevices(device(rule));
    }
    if (json.object("pids").has("limit")) {
      resources.setPids(LinuxPids.newBuilder().setLimit(json.object("pids").number("limit", 0)));
    }
    return resources.build();
  }

  private static LinuxDeviceCgroup device(JsonObject rule) {
    LinuxDeviceCgroup.Builder device =
        LinuxDeviceCgroup.newBuilder()
            .setAllow(rule.flag("allow"))
            .setType(rule.text("type"))
            .setAccess(rule.text("access"));
    if (rule.has("major")) {
      device.setMajor(OptionalInt64.newBuilder().setValue(rule.number("major", 0)));
    }
    if (rule.has("minor")) {
      device.setMinor(OptionalInt64.newBuilder().setValue(rule.number("minor", 0)));
    }
    return device.build();
  }

  /** Only what is set. */
  static Map<String, Object> json(LinuxResources resources) {
    Map<String, Object> json = new LinkedHashMap<>();
    group(json, "memory", Knob.MEMORY, resources.getMemory());
    group(json, "cpu", Knob.CPU, resources.getCpu());
    List<Map<String, Object>> huge = new ArrayList<>();
    for (HugepageLimit limit : resources.getHugepageLimitsList()) {
      huge.add(
          Map.of("pageSize", limit.getPageSize(), "limit", Numbers.unsigned(limit.getLimit())));
    }
    if (!huge.isEmpty()) {
      json.put("hugepageLimits", huge);
    }
    if (resources.getUnifiedCount() > 0) {
      json.put("unified", new LinkedHashMap<>(resources.getUnifiedMap()));
    }
    if (resources.hasPids()) {
      json.put("pids", Members.map("limit", resources.getPids().getLimit()));
    }
    return json;
  }

  private static void group(
      Map<String, Object> json, String name, List<Knob> knobs, Message message) {
    Map<String, Object> group = new LinkedHashMap<>();
    for (Knob knob : knobs) {
      Object value = knob.of(message);
      if (value != null) {
        group.put(knob.json(), value);
      }
    }
    if (!group.isEmpty()) {
      json.put(name, group);
    }
  }

  /**
   * Puts limits over those of a specification or of a request. A limit of memory and swap together
   * that is there follows the limit of memory, below which it cannot be.
   */
  static void overlay(Map<String, Object> target, LinuxResources change) {
    Map<String, Object> json = json(change);
    if (json.get("memory") instanceof Map<?, ?> memory
        && memory.get("limit") != null
        && memory.get("swap") == null
        && target.get("memory") instanceof Map<?, ?> present
        && present.get("swap") != null) {
      Members.child(json, "memory").put("swap", memory.get("limit"));
    }
    for (String group : List.of("memory", "cpu", "unified", "pids")) {
      if (json.containsKey(group)) {
        Members.child(target, group).putAll(Members.child(json, group));
      }
    }
    if (json.containsKey("hugepageLimits")) {
      List<Object> huge = Members.list(target, "hugepageLimits");
      for (Object limit : Members.list(json, "hugepageLimits")) {
        Members.replace(huge, "pageSize", limit);
      }
    }
    for (LinuxDeviceCgroup rule : change.getDevicesList()) {
      Members.list(target, "devices").add(json(rule));
    }
  }

  private static Map<String, Object> json(LinuxDeviceCgroup rule) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("allow", rule.getAllow());
    if (!rule.getType().isEmpty()) {
      json.put("type", rule.getType());
    }
    if (rule.hasMajor()) {
      json.put("major", rule.getMajor().getValue());
    }
    if (rule.hasMinor()) {
      json.put("minor", rule.getMinor().getValue());
    }
    if (!rule.getAccess().isEmpty()) {
      json.put("access", rule.getAccess());
    }
    return json;
  }
}
