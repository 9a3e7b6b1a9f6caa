package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Refuses what plugins together want of a container, by the operator's rules. */
record DefaultValidator(NriConfig.Validator rules) {
  /** Annotation with the names of plugins that a pod cannot do without, as a JSON list. */
  private static final String REQUIRED = "required-plugins.noderesource.dev";

  boolean enabled() {
    return rules.enable();
  }

  /**
   * Checks a container.
   *
   * @param consulted names of the plugins that had their say
   * @throws PermissionDeniedException if a rule is broken
   */
  void check(PodFacts pod, ContainerFacts container, Ownership ownership, Set<String> consulted) {
    if (!enabled()) {
      return;
    }
    String id = container.id();
    String hooks = ownership.owner(id, Field.OciHooks, "");
    if (rules.rejectOciHookAdjustment() && hooks != null) {
      throw refused(container, "OCI hooks", hooks);
    }
    String seccomp = ownership.owner(id, Field.SeccompPolicy, "");
    if (seccomp != null && rejectsSeccomp(container.seccomp())) {
      throw refused(container, "a seccomp policy", seccomp);
    }
    Map<String, String> namespaces = ownership.owners(id, Field.Namespace);
    if (rules.rejectNamespaceAdjustment() && !namespaces.isEmpty()) {
      throw refused(container, "namespaces", namespaces.toString());
    }
    Map<String, String> sysctls = ownership.owners(id, Field.Sysctl);
    if (rules.rejectSysctlAdjustment() && !sysctls.isEmpty()) {
      throw refused(container, "sysctls", sysctls.toString());
    }
    required(pod, container, consulted);
  }

  private boolean rejectsSeccomp(String profile) {
    if (profile.isEmpty()) {
      return rules.rejectUnconfinedSeccompAdjustment();
    }
    return profile.startsWith("localhost/")
        ? rules.rejectCustomSeccompAdjustment()
        : rules.rejectRuntimeDefaultSeccompAdjustment();
  }

  private void required(PodFacts pod, ContainerFacts container, Set<String> consulted) {
    String tolerated = rules.tolerateMissingPluginsAnnotation();
    if (!tolerated.isEmpty() && "true".equals(annotation(pod, tolerated, container.name()))) {
      return;
    }
    List<String> required = new ArrayList<>(rules.requiredPlugins());
    String annotated = annotation(pod, REQUIRED, container.name());
    if (annotated != null) {
      required.addAll(names(annotated));
    }
    required.removeAll(consulted);
    if (!required.isEmpty()) {
      throw new PermissionDeniedException(
          "container "
              + container.id()
              + ": NRI plugins that are required are not there: "
              + String.join(", ", required));
    }
  }

  private static List<String> names(String annotation) {
    try {
      String document = "{\"names\":" + annotation + "}";
      return Json.object(REQUIRED, document.getBytes(StandardCharsets.UTF_8)).texts("names");
    } catch (InvalidArgumentException e) {
      throw new InvalidArgumentException(
          "annotation " + REQUIRED + " is not a JSON list of names: " + e.getMessage(), e);
    }
  }

  /** The container's own annotation of the pod, else that for all of its containers. */
  private static @Nullable String annotation(PodFacts pod, String key, String container) {
    for (String one : List.of(key + "/container." + container, key + "/pod", key)) {
      String value = pod.annotations().get(one);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  private static PermissionDeniedException refused(
      ContainerFacts container, String what, String plugins) {
    return new PermissionDeniedException(
        "container " + container.id() + ": NRI plugin " + plugins + " may not change " + what);
  }
}
