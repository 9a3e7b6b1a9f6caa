package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.spi.errors.InvalidArgumentException;
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
    sysctls(config.getLinux().getSysctlsMap());
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

  private static void sysctls(Map<String, String> sysctls) {
    sysctls.forEach((name, value) -> {
      String dotted = name.replace('/', '.');
      if (!SYSCTL.matcher(name).matches() || !NAMESPACED.matcher(dotted).matches()) {
        throw new InvalidArgumentException(
            "pod sandbox: sysctl \""
                + name.replaceAll("\\p{Cntrl}", "?")
                + "\" is not a namespace's own");
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
