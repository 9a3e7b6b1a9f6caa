package dev.carafe.cri;

import dev.carafe.api.cri.v1.IDMapping;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.UserNamespace;
import dev.carafe.linux.IdMapping;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The user namespace of a pod in the notations of those who need it. */
final class PodUsers {
  private PodUsers() {}

  /**
   * The mapping of ids that a kubelet asks for; null for the host's user namespace.
   *
   * @throws IllegalArgumentException if it is none
   */
  static @Nullable IdMapping of(NamespaceOption options) {
    UserNamespace wanted = options.getUsernsOptions();
    return options.hasUsernsOptions() && wanted.getMode() == NamespaceMode.POD
        ? new IdMapping(ranges(wanted.getUidsList()), ranges(wanted.getGidsList()))
        : null;
  }

  static @Nullable IdMapping of(Pod pod) {
    return of(pod.config().getLinux().getSecurityContext().getNamespaceOptions());
  }

  private static List<IdMapping.Range> ranges(List<IDMapping> ids) {
    return ids.stream()
        .map(id ->
            new IdMapping.Range(
                Integer.toUnsignedLong(id.getContainerId()),
                Integer.toUnsignedLong(id.getHostId()),
                Integer.toUnsignedLong(id.getLength())))
        .toList();
  }

  /**
   * Puts a container into its pod's user namespace, where it has one.
   *
   * @param namespaces of the pod, files by kind
   * @throws FailedPreconditionException if it ought to have one and has not
   */
  static void join(RuntimeSpec spec, Pod pod, Map<String, String> namespaces) {
    IdMapping ids = of(pod);
    if (ids == null) {
      return;
    }
    String path = namespaces.get("user");
    if (path == null) {
      throw new FailedPreconditionException(
          "pod sandbox " + pod.id() + ": its user namespace is gone");
    }
    spec.userNamespace(path, specification(ids));
  }

  /** Labels of the snapshots of its containers: containerd's. */
  static Map<String, String> labels(Pod pod) {
    IdMapping ids = of(pod);
    return ids == null
        ? Map.of()
        : Map.of(
            "containerd.io/snapshot/uidmapping", ids.uidText(),
            "containerd.io/snapshot/gidmapping", ids.gidText());
  }

  /** The members {@code uidMappings} and {@code gidMappings} of an OCI specification. */
  static Map<String, Object> specification(IdMapping ids) {
    return Map.of("uidMappings", members(ids.uids()), "gidMappings", members(ids.gids()));
  }

  private static List<Map<String, Object>> members(List<IdMapping.Range> ranges) {
    return ranges.stream()
        .map(range -> {
          Map<String, Object> members = new LinkedHashMap<>();
          members.put("containerID", range.inside());
          members.put("hostID", range.outside());
          members.put("size", range.size());
          return members;
        })
        .toList();
  }

  /** The same for a mount whose ids the kubelet wants mapped; null if it does not. */
  static @Nullable Map<String, Object> specification(List<IDMapping> uids, List<IDMapping> gids) {
    return uids.isEmpty() && gids.isEmpty()
        ? null
        : specification(new IdMapping(ranges(uids), ranges(gids)));
  }
}
