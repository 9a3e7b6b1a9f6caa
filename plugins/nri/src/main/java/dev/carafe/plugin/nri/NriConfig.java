package dev.carafe.plugin.nri;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The table {@code [nri]}. */
public record NriConfig(
    @Description("Whether there is no NRI at all.") boolean disable,
    @Description("Unix socket that plugins connect to; at most 107 bytes.") String socket,
    @Description("Whether only pre-installed plugins are used, and no socket is made.")
        boolean disableConnections,
    @Description(
            "Directory of pre-installed plugins, started with the daemon: executables named"
                + " NN-NAME, run in the order of NN.")
        String pluginPath,
    @Description("Directory with their configuration: NN-NAME.conf, else NAME.conf.")
        String pluginConfigPath,
    @Description("How long a plugin may take to register, and then to look at what there is.")
        Duration pluginRegistrationTimeout,
    @Description("How long a plugin may take to answer; one that takes longer is dropped.")
        Duration pluginRequestTimeout,
    @Description("What plugins may not change.") Validator defaultValidator) {
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int LONGEST_SOCKET = 107;

  public static final NriConfig DEFAULT =
      new NriConfig(
          false,
          "/var/run/nri/nri.sock",
          false,
          "/opt/nri/plugins",
          "/etc/nri/conf.d",
          Duration.ofSeconds(5),
          Duration.ofSeconds(2),
          Validator.DEFAULT);

  public NriConfig {
    absolute("socket", socket);
    absolute("plugin_path", pluginPath);
    absolute("plugin_config_path", pluginConfigPath);
    if (socket.getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
      throw new InvalidArgumentException(
          "socket: \"" + socket + "\" is longer than " + LONGEST_SOCKET + " bytes");
    }
    check("plugin_registration_timeout", pluginRegistrationTimeout);
    check("plugin_request_timeout", pluginRequestTimeout);
  }

  private static void absolute(String key, String path) {
    if (!Path.of(path).isAbsolute()) {
      throw new InvalidArgumentException(key + ": \"" + path + "\" is not an absolute path");
    }
  }

  private static void check(String key, Duration value) {
    if (value.toMillis() < 100 || value.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException(key + " is not in 100ms to 1m");
    }
  }

  /** What the built-in validator refuses. */
  public record Validator(
      @Description("Whether adjustments are checked at all.") boolean enable,
      @Description("Refuse containers to which a plugin adds OCI hooks.")
          boolean rejectOciHookAdjustment,
      @Description("Refuse a seccomp policy in place of the runtime's default profile.")
          boolean rejectRuntimeDefaultSeccompAdjustment,
      @Description("Refuse a seccomp policy where the pod has none.")
          boolean rejectUnconfinedSeccompAdjustment,
      @Description("Refuse a seccomp policy in place of the pod's own profile.")
          boolean rejectCustomSeccompAdjustment,
      @Description("Refuse containers whose namespaces a plugin changes.")
          boolean rejectNamespaceAdjustment,
      @Description("Refuse containers whose sysctls a plugin changes.")
          boolean rejectSysctlAdjustment,
      @Description("Names of plugins without which no container is created.")
          List<String> requiredPlugins,
      @Description("Key of the annotation by which a pod does without them; empty for none.")
          String tolerateMissingPluginsAnnotation) {
    static final Validator DEFAULT =
        new Validator(false, false, false, false, false, false, false, List.of(), "");

    public Validator {
      requiredPlugins = List.copyOf(requiredPlugins);
    }
  }
}
