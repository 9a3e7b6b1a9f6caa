package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.ContainerUpdate;
import dev.carafe.api.nri.v1alpha1.LinuxResources;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.pods.PodHost;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes to containers that are there, as one or more plugins want them. */
final class Updates {
  private static final Logger log = LoggerFactory.getLogger(Updates.class);

  /** How many containers one request may change. */
  private static final int MOST = 4096;

  private final Ownership ownership;
  private final Map<String, ContainerUpdate> updates = new LinkedHashMap<>();

  Updates(Ownership ownership) {
    this.ownership = ownership;
  }

  /**
   * Adds what a plugin wants.
   *
   * @throws FailedPreconditionException if another plugin has set the same before
   */
  void add(List<ContainerUpdate> wanted, String plugin) {
    for (ContainerUpdate update : wanted) {
      try {
        add(update, plugin);
      } catch (FailedPreconditionException e) {
        if (!update.getIgnoreFailure()) {
          throw e;
        }
        log.warn("update of container {} is left out: {}", update.getContainerId(), e.getMessage());
      }
    }
  }

  private void add(ContainerUpdate update, String plugin) {
    String id = update.getContainerId();
    if (updates.size() >= MOST && !updates.containsKey(id)) {
      throw new InvalidArgumentException(
          "NRI plugin \"" + plugin + "\": updates of more than " + MOST + " containers");
    }
    ownership.claim(id, Claim.of(update.getLinux().getResources()), plugin);
    updates.merge(
        id,
        update,
        (present, next) ->
            present.toBuilder()
                .mergeFrom(next)
                .setIgnoreFailure(present.getIgnoreFailure() && next.getIgnoreFailure())
                .build());
  }

  List<ContainerUpdate> all() {
    return List.copyOf(updates.values());
  }

  /** Takes out what is wanted of one container. */
  LinuxResources take(String container) {
    ContainerUpdate update = updates.remove(container);
    return update == null ? LinuxResources.getDefaultInstance() : update.getLinux().getResources();
  }

  /**
   * Makes all changes.
   *
   * @return those that failed, but for those whose failure does not matter
   */
  List<ContainerUpdate> carryOut(PodHost host) {
    List<ContainerUpdate> failed = new ArrayList<>();
    for (ContainerUpdate update : updates.values()) {
      String id = update.getContainerId();
      Map<String, Object> limits = new LinkedHashMap<>();
      Limits.overlay(limits, update.getLinux().getResources());
      try {
        if (!limits.isEmpty()) {
          host.update(id, Json.bytes(limits));
        }
      } catch (DaemonException e) {
        log.warn("container {}: not updated as a plugin wants: {}", id, e.getMessage());
        if (!update.getIgnoreFailure()) {
          failed.add(update);
        }
      }
    }
    return failed;
  }
}
