package dev.carafe.cni;

import dev.carafe.oci.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A pod in one network: all that its plugins are told, kept because what is removed later must be
 * described as it was made.
 *
 * @param netns path of the network namespace; may be gone by now, empty if it is not known
 * @param arguments {@code CNI_ARGS}
 * @param runtimeConfig values by capability
 * @param result of the last plugin's ADD; empty before
 */
record Attachment(
    String containerId,
    String ifName,
    String netns,
    String arguments,
    Network network,
    Map<String, Object> runtimeConfig,
    Map<String, Object> result) {

  Attachment with(Map<String, Object> newResult) {
    return new Attachment(containerId, ifName, netns, arguments, network, runtimeConfig, newResult);
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("container_id", containerId);
    json.put("if_name", ifName);
    json.put("netns", netns);
    json.put("arguments", arguments);
    json.put("network", network.toJson());
    json.put("source", network.source());
    json.put("runtime_config", runtimeConfig);
    json.put("result", result);
    return json;
  }

  static Attachment of(JsonObject json) {
    return new Attachment(
        json.text("container_id"),
        json.text("if_name"),
        json.text("netns"),
        json.text("arguments"),
        Network.of(json.object("network"), json.text("source")),
        json.object("runtime_config").members(),
        json.object("result").members());
  }
}
