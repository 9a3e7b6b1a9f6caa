package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.IdMapping;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a client may say: a JSON object of the type {@link #TYPE}.
 *
 * @param hostname of the UTS namespace, or empty
 * @param namespaces that the pod has to itself; those not named are the host's
 * @param ids mapping of the user namespace; null exactly if it is the host's
 */
record PodOptions(String hostname, Set<PodNamespace> namespaces, @Nullable IdMapping ids) {
  static final String TYPE = "dev.carafe.sandbox.pod.v1.Options";

  private static final Pattern HOSTNAME =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?");

  PodOptions {
    namespaces = namespaces.isEmpty() ? Set.of() : Set.copyOf(namespaces);
    if (!hostname.isEmpty() && !HOSTNAME.matcher(hostname).matches()) {
      throw new InvalidArgumentException(
          "sandbox options: hostname \""
              + hostname.replaceAll("\\p{Cntrl}", "?")
              + "\" is not a host name of at most 64 characters");
    }
    if (!hostname.isEmpty() && !namespaces.contains(PodNamespace.UTS)) {
      throw new InvalidArgumentException(
          "sandbox options: a hostname needs a UTS namespace of the pod's own");
    }
    if (namespaces.contains(PodNamespace.USER) != (ids != null)) {
      throw new InvalidArgumentException(
          "sandbox options: a user namespace needs uid_map and gid_map, and they need it");
    }
  }

  static PodOptions of(@Nullable SandboxValue options) {
    if (options == null || options.value().length == 0 && options.typeUrl().isEmpty()) {
      return new PodOptions("", PodNamespace.USUAL, null);
    }
    String type = options.typeUrl().substring(options.typeUrl().lastIndexOf('/') + 1);
    if (!type.equals(TYPE)) {
      throw new InvalidArgumentException(
          "sandbox options of type \""
              + type.replaceAll("\\p{Cntrl}", "?")
              + "\": the pod controller takes "
              + TYPE);
    }
    JsonObject json = Json.object("sandbox options", options.value());
    List<String> names = json.texts("namespaces");
    Set<PodNamespace> namespaces = EnumSet.noneOf(PodNamespace.class);
    names.forEach(name -> namespaces.add(PodNamespace.of(name)));
    return new PodOptions(
        json.text("hostname"), json.has("namespaces") ? namespaces : PodNamespace.USUAL, ids(json));
  }

  private static @Nullable IdMapping ids(JsonObject json) {
    if (!json.has("uid_map") && !json.has("gid_map")) {
      return null;
    }
    try {
      return IdMapping.parse(json.text("uid_map"), json.text("gid_map"));
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("sandbox options: " + e.getMessage(), e);
    }
  }
}
