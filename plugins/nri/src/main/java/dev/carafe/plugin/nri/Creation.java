package dev.carafe.plugin.nri;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.carafe.api.nri.v1alpha1.CDIDevice;
import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.ContainerEviction;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Hooks;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.LinuxDevice;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.pods.ContainerFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A container in the making, as plugins change it one after the other. */
final class Creation {
  private final ContainerFacts facts;
  private JsonObject spec;
  private final Ownership ownership = new Ownership();
  private final Updates updates = new Updates(ownership);
  private final List<ContainerEviction> evictions = new ArrayList<>();
  private final ContainerAdjustment.Builder wanted = ContainerAdjustment.newBuilder();

  Creation(ContainerFacts facts) {
    this.facts = facts;
    this.spec = read(facts.spec());
  }

  private JsonObject read(byte[] json) {
    return Json.object("container " + facts.id(), json);
  }

  /** The container as it is by now. */
  Container container() {
    return Messages.container(facts, spec);
  }

  /**
   * Takes a plugin's answer over.
   *
   * @throws FailedPreconditionException if it wants what another plugin wants otherwise
   * @throws InvalidArgumentException if it wants what cannot be
   */
  void apply(CreateContainerResponse answer, String plugin) {
    try {
      adjust(answer.getAdjust(), plugin);
    } catch (InvalidArgumentException e) {
      throw new InvalidArgumentException(
          "NRI plugin \"" + plugin + "\": container " + facts.id() + ": " + e.getMessage(), e);
    }
    if (answer.getUpdateList().stream()
        .anyMatch(update -> update.getContainerId().equals(facts.id()))) {
      throw new InvalidArgumentException(
          "NRI plugin \""
              + plugin
              + "\": wants to update container "
              + facts.id()
              + " while it is created");
    }
    updates.add(answer.getUpdateList(), plugin);
    evictions.addAll(answer.getEvictList());
  }

  private void adjust(ContainerAdjustment adjustment, String plugin) {
    check(adjustment);
    ownership.claim(facts.id(), Claim.of(adjustment), plugin);
    if (!adjustment.getHooks().equals(Hooks.getDefaultInstance())) {
      ownership.hooks(facts.id(), plugin);
    }
    ContainerAdjustment effective = withoutMarks(adjustment);
    new SpecEditor(spec.members()).apply(effective);
    // As a runtime would read it: with numbers of one kind, and bounded.
    spec = read(Json.bytes(spec.members()));
    forget(effective);
    if (effective.getArgsCount() > 0) {
      wanted.clearArgs();
    }
    wanted.mergeFrom(effective);
  }

  /** An empty first argument says that the rest replaces another plugin's arguments. */
  private static ContainerAdjustment withoutMarks(ContainerAdjustment adjustment) {
    if (adjustment.getArgsCount() == 0 || !adjustment.getArgs(0).isEmpty()) {
      return adjustment;
    }
    List<String> args = adjustment.getArgsList().subList(1, adjustment.getArgsCount());
    return adjustment.toBuilder().clearArgs().addAllArgs(args).build();
  }

  /** Takes out of what earlier plugins wanted what this one removes or sets anew. */
  private void forget(ContainerAdjustment next) {
    for (String name : next.getAnnotationsMap().keySet()) {
      wanted.removeAnnotations(Removal.target(name));
    }
    for (String name : next.getLinux().getSysctlMap().keySet()) {
      wanted.getLinuxBuilder().removeSysctl(Removal.target(name));
    }
    for (String name : next.getLinux().getNetDevicesMap().keySet()) {
      wanted.getLinuxBuilder().removeNetDevices(Removal.target(name));
    }
    List<Mount> mounts = kept(wanted.getMountsList(), next.getMountsList(), Mount::getDestination);
    List<KeyValue> env = kept(wanted.getEnvList(), next.getEnvList(), KeyValue::getKey);
    wanted.clearMounts().addAllMounts(mounts).clearEnv().addAllEnv(env);
    if (next.getLinux().getDevicesCount() > 0) {
      List<LinuxDevice> devices =
          kept(
              wanted.getLinux().getDevicesList(),
              next.getLinux().getDevicesList(),
              LinuxDevice::getPath);
      wanted.getLinuxBuilder().clearDevices().addAllDevices(devices);
    }
  }

  private static <T> List<T> kept(
      List<T> present, List<T> next, java.util.function.Function<T, String> name) {
    List<String> gone = next.stream().map(name).map(Removal::target).toList();
    return present.stream().filter(one -> !gone.contains(Removal.target(name.apply(one)))).toList();
  }

  /** No text may hold NUL: to programs it would mean something else than to whoever checks it. */
  private static void check(Message message) {
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      Object value = field.getValue();
      for (Object one : value instanceof List<?> list ? list : List.of(value)) {
        if (one instanceof Message inner) {
          check(inner);
        } else if (one instanceof String text && text.indexOf(0) >= 0) {
          throw new InvalidArgumentException(field.getKey().getName() + ": a text holds NUL");
        }
      }
    }
  }

  /** All that plugins want. */
  ContainerAdjustment wanted() {
    return wanted.build();
  }

  Ownership ownership() {
    return ownership;
  }

  Updates updates() {
    return updates;
  }

  List<ContainerEviction> evictions() {
    return evictions;
  }

  AdjustedContainer result() {
    return new AdjustedContainer(
        Json.bytes(spec.members()),
        wanted.getCDIDevicesList().stream().map(CDIDevice::getName).toList());
  }
}
