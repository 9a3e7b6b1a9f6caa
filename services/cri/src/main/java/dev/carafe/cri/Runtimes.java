package dev.carafe.cri;

import dev.carafe.api.cri.v1.RuntimeCondition;
import dev.carafe.api.cri.v1.RuntimeFeatures;
import dev.carafe.api.cri.v1.RuntimeHandler;
import dev.carafe.api.cri.v1.RuntimeHandlerFeatures;
import dev.carafe.api.cri.v1.RuntimeStatus;
import dev.carafe.api.cri.v1.StatusResponse;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.resources.PossibleLimits;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Runtime handlers by the names that pods ask for.
 *
 * @param managers resource managers by id, at least one
 * @param mapsIds whether containers can have snapshots with mapped ids
 * @param problems one line for each plugin with which something is wrong
 */
record Runtimes(
    RuntimeHandlers handlers,
    Map<String, ResourceManager> managers,
    BooleanSupplier mapsIds,
    Supplier<List<String>> problems,
    CriConfig config) {
  private static final int LONGEST_MESSAGE = 4096;

  Runtimes {
    managers = Map.copyOf(managers);
  }

  /** The handler of a pod; empty stands for the default. */
  String handler(String wanted) {
    String name = wanted.isEmpty() ? config.defaultRuntimeHandler() : wanted;
    try {
      handlers.resolve(name, RuntimeOptions.NONE);
      return name;
    } catch (NotFoundException e) {
      throw new InvalidArgumentException(
          "pod sandbox: runtime handler \""
              + wanted.replaceAll("\\p{Cntrl}", "?")
              + "\" is not configured",
          e);
    }
  }

  /** What keeps the containers of a handler apart, as its runtime says. */
  ResourceManager resources(String handler) {
    var resolved = handlers.resolve(handler(handler), RuntimeOptions.NONE);
    String id = resolved.runtime().resourceManager(resolved.options());
    ResourceManager manager = managers.get(id);
    if (manager == null) {
      throw new FailedPreconditionException(
          "runtime handler \"" + handler + "\": resource manager \"" + id + "\" is not running");
    }
    return manager;
  }

  /** Whether systemd makes the cgroups of a handler's containers. */
  boolean systemd(String handler) {
    try {
      return resources(handler).systemd();
    } catch (DaemonException e) {
      return false;
    }
  }

  /** What can be limited: the kernel's word, which each manager passes on. */
  PossibleLimits possible() {
    return managers.values().iterator().next().possible();
  }

  /** Id of the plugin that runs a handler's containers; empty if there is none. */
  String plugin(String handler) {
    try {
      return handlers.resolve(handler(handler), RuntimeOptions.NONE).plugin();
    } catch (InvalidArgumentException e) {
      return "";
    }
  }

  /** The shim of a handler with its options, for a sandbox of its own. */
  Sandbox.Runtime shim(String handler) {
    RuntimeOptions options = handlers.resolve(handler(handler), RuntimeOptions.NONE).options();
    String shim = options.text("shim");
    return new Sandbox.Runtime(
        shim.isEmpty() ? "io.containerd.runc.v2" : shim,
        new SandboxValue(RuntimeOptions.JSON_TYPE, Json.bytes(options.values())));
  }

  /** Whether a handler's runtime can map the ids of mounts. */
  boolean mapsMounts(String handler) {
    return has(
        handler,
        features ->
            features.object("linux").object("mountExtensions").object("idmap").flag("enabled"));
  }

  /** Asks for a feature that the OCI runtime specification describes; who tells none has none. */
  private boolean has(String handler, Predicate<JsonObject> feature) {
    try {
      var resolved = handlers.resolve(handler(handler), RuntimeOptions.NONE);
      byte[] json = resolved.runtime().info(resolved.options()).featuresJson();
      return json.length > 0 && feature.test(Json.object("features of " + handler, json));
    } catch (DaemonException e) {
      return false;
    }
  }

  private RuntimeHandlerFeatures features(String handler) {
    return RuntimeHandlerFeatures.newBuilder()
        .setRecursiveReadOnlyMounts(
            has(handler, features -> features.texts("mountOptions").contains("rro")))
        .setUserNamespaces(mapsIds.getAsBoolean() && mapsMounts(handler))
        .build();
  }

  /** All names, the empty one of the default first. */
  List<String> names() {
    List<String> names = new ArrayList<>(List.of(""));
    handlers.names().forEach(names::add);
    return names;
  }

  /** A failed plugin does not make the node unfit: the default path runs without it. */
  private RuntimeCondition plugins() {
    List<String> wrong = problems.get();
    String message = String.join("; ", wrong);
    return RuntimeCondition.newBuilder()
        .setType("PluginsReady")
        .setStatus(wrong.isEmpty())
        .setReason(wrong.isEmpty() ? "" : "PluginsFailed")
        .setMessage(message.substring(0, Math.min(message.length(), LONGEST_MESSAGE)))
        .build();
  }

  /** The answer to Status, without details. */
  StatusResponse.Builder status(PodNetworks.Readiness network) {
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setStatus(
                RuntimeStatus.newBuilder()
                    .addConditions(
                        RuntimeCondition.newBuilder().setType("RuntimeReady").setStatus(true))
                    .addConditions(
                        RuntimeCondition.newBuilder()
                            .setType("NetworkReady")
                            .setStatus(network.ready())
                            .setReason(network.reason())
                            .setMessage(network.message()))
                    .addConditions(plugins()))
            .setFeatures(RuntimeFeatures.newBuilder().setSupplementalGroupsPolicy(true));
    for (String name : names()) {
      response.addRuntimeHandlers(
          RuntimeHandler.newBuilder().setName(name).setFeatures(features(name)));
    }
    return response;
  }
}
