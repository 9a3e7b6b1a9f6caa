package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.IDMapping;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.NamespaceOption;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.UserNamespace;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What a kubelet may ask for: checked here and nowhere else. */
final class Bounds {
  private static final int NAME = 1024;
  private static final Pattern SYSCTL = Pattern.compile("[a-z0-9_]+([./][A-Za-z0-9_\\-*]+)+");

  /** Parameters that belong to a network or IPC namespace; others would be the host's. */
  private static final Pattern NAMESPACED =
      Pattern.compile("net\\..*|kernel\\.(shm.*|msg.*|sem)|fs\\.mqueue\\..*");

  private Bounds() {}

  static void check(PodSandboxConfig config) {
    if (!config.hasMetadata()) {
      throw new InvalidArgumentException("pod sandbox: no metadata");
    }
    var metadata = config.getMetadata();
    text("pod sandbox: name", metadata.getName(), true);
    text("pod sandbox: namespace", metadata.getNamespace(), true);
    text("pod sandbox: uid", metadata.getUid(), true);
    text("pod sandbox: log directory", config.getLogDirectory(), false);
    if (!config.getLogDirectory().isEmpty() && !config.getLogDirectory().startsWith("/")) {
      throw new InvalidArgumentException(
          "pod sandbox: log directory \"" + config.getLogDirectory() + "\" is not absolute");
    }
    NamespaceOption namespaces = config.getLinux().getSecurityContext().getNamespaceOptions();
    sysctls(
        config.getLinux().getSysctlsMap(),
        namespaces.getNetwork() == NamespaceMode.NODE,
        namespaces.getIpc() == NamespaceMode.NODE);
    checkUserNamespace("pod sandbox", namespaces);
    if (PodUsers.of(namespaces) != null
        && (namespaces.getNetwork() == NamespaceMode.NODE
            || namespaces.getIpc() == NamespaceMode.NODE
            || namespaces.getPid() == NamespaceMode.NODE)) {
      throw new InvalidArgumentException(
          "pod sandbox: a user namespace of its own goes with no other namespace of the host");
    }
  }

  static void checkUserNamespace(String what, NamespaceOption options) {
    if (!options.hasUsernsOptions()) {
      return;
    }
    UserNamespace wanted = options.getUsernsOptions();
    switch (wanted.getMode()) {
      case NODE -> {
        if (wanted.getUidsCount() > 0 || wanted.getGidsCount() > 0) {
          throw new InvalidArgumentException(
              what + ": the host's user namespace takes no mapping of ids");
        }
      }
      case POD -> {
        mapping(what, wanted.getUidsList());
        mapping(what, wanted.getGidsList());
        try {
          PodUsers.of(options);
        } catch (IllegalArgumentException e) {
          throw new InvalidArgumentException(what + ": user namespace: " + e.getMessage(), e);
        }
      }
      case CONTAINER, TARGET, UNRECOGNIZED ->
          throw new InvalidArgumentException(what + ": user namespace mode is not POD or NODE");
    }
  }

  private static void mapping(String what, List<IDMapping> ids) {
    if (ids.size() != 1 || ids.getFirst().getContainerId() != 0) {
      throw new InvalidArgumentException(
          what + ": a user namespace takes one mapping of ids, which begins with 0");
    }
  }

  static void check(ContainerConfig config) {
    if (!config.hasMetadata()) {
      throw new InvalidArgumentException("container: no metadata");
    }
    text("container: name", config.getMetadata().getName(), true);
    text("container: log path", config.getLogPath(), false);
    String log = config.getLogPath();
    if (log.startsWith("/") || Pattern.compile("(^|/)\\.\\.(/|$)").matcher(log).find()) {
      throw new InvalidArgumentException(
          "container: log path \"" + log + "\" leads out of the pod's log directory");
    }
  }

  private static void sysctls(Map<String, String> sysctls, boolean hostNetwork, boolean hostIpc) {
    sysctls.forEach((name, value) -> {
      String dotted = name.replace('/', '.');
      if (!SYSCTL.matcher(name).matches() || !NAMESPACED.matcher(dotted).matches()) {
        throw new InvalidArgumentException(
            "pod sandbox: sysctl \""
                + name.replaceAll("\\p{Cntrl}", "?")
                + "\" is not a namespace's own");
      }
      if (dotted.startsWith("net.") ? hostNetwork : hostIpc) {
        throw new InvalidArgumentException(
            "pod sandbox: sysctl \"" + name + "\" would be set for the host");
      }
      if (value.length() > NAME || value.chars().anyMatch(c -> c < 0x20 && c != '\t')) {
        throw new InvalidArgumentException(
            "pod sandbox: sysctl \"" + name + "\": value is not well-formed");
      }
    });
  }

  private static void text(String what, String text, boolean needed) {
    if (needed && text.isEmpty()) {
      throw new InvalidArgumentException(what + " is empty");
    }
    if (text.length() > NAME || text.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      throw new InvalidArgumentException(what + " is too long or holds control characters");
    }
  }
}
