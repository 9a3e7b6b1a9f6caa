package dev.carafe.cri;

import dev.carafe.api.cri.v1.RuntimeCondition;
import dev.carafe.api.cri.v1.RuntimeFeatures;
import dev.carafe.api.cri.v1.RuntimeHandler;
import dev.carafe.api.cri.v1.RuntimeHandlerFeatures;
import dev.carafe.api.cri.v1.RuntimeStatus;
import dev.carafe.api.cri.v1.StatusResponse;
import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.util.ArrayList;
import java.util.List;

/** Runtime handlers by the names that pods ask for. */
record Runtimes(RuntimeHandlers handlers, CriConfig config) {
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

  /** All names, the empty one of the default first. */
  List<String> names() {
    List<String> names = new ArrayList<>(List.of(""));
    handlers.names().forEach(names::add);
    return names;
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
                            .setMessage(network.message())))
            .setFeatures(RuntimeFeatures.newBuilder().setSupplementalGroupsPolicy(true));
    for (String name : names()) {
      response.addRuntimeHandlers(
          RuntimeHandler.newBuilder()
              .setName(name)
              .setFeatures(RuntimeHandlerFeatures.getDefaultInstance()));
    }
    return response;
  }
}
