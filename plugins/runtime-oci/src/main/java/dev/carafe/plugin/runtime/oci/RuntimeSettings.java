package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How the OCI runtime is called for one task; fixed when the task is created.
 *
 * @param binary absolute path of the OCI runtime
 * @param root its {@code --root}, with the namespace
 * @param systemdCgroup whether it is told to have systemd make the cgroups
 * @param resources id of the resource manager; of states that have none, that of the flag
 * @param monitorCgroup cgroup directory that conmon is moved to, or empty
 * @param ioUid owner of the pipes and FIFOs that the container is given; 0 leaves them
 * @param workPath where CRIU keeps its logs, or empty
 */
record RuntimeSettings(
    String binary,
    String root,
    boolean systemdCgroup,
    String resources,
    boolean noPivotRoot,
    boolean noNewKeyring,
    String monitorCgroup,
    long ioUid,
    long ioGid,
    String workPath) {
  private static final String SYSTEMD = "systemd";
  private static final String CGROUPFS = "cgroupfs";

  RuntimeSettings {
    resources = Objects.requireNonNullElse(resources, systemdCgroup ? SYSTEMD : CGROUPFS);
  }

  static RuntimeSettings of(
      OciRuntimeConfig config,
      Path defaultRoot,
      RuntimeOptions options,
      String namespace,
      Map<String, ResourceManager> managers) {
    String resources = resources(config, options);
    String root = firstOf(options.text("root"), config.root(), defaultRoot.toString());
    String binary = firstOf(options.text("binary_name"), options.text("binary"), config.binary());
    return new RuntimeSettings(
        Binaries.find(binary, "runtime").toString(),
        absolute("root", root).resolve(namespace).toString(),
        manager(managers, resources).systemd(),
        resources,
        flag(options, "no_pivot_root", config.noPivotRoot()),
        flag(options, "no_new_keyring", config.noNewKeyring()),
        options.text("shim_cgroup"),
        id(options, "io_uid"),
        id(options, "io_gid"),
        options.text("criu_work_path"));
  }

  /**
   * Id of the resource manager that the options name, else the plugin's own table; in each by name
   * or by the flag.
   */
  static String resources(OciRuntimeConfig config, RuntimeOptions options) {
    String named = options.text("resource_manager");
    if (!named.isEmpty()) {
      return named;
    }
    if (options.values().containsKey("systemd_cgroup")) {
      return options.flag("systemd_cgroup") ? SYSTEMD : CGROUPFS;
    }
    return firstOf(config.resourceManager(), config.systemdCgroup() ? SYSTEMD : CGROUPFS);
  }

  static ResourceManager manager(Map<String, ResourceManager> managers, String id) {
    ResourceManager manager = managers.get(id);
    if (manager == null) {
      throw new FailedPreconditionException(
          "resource manager \"" + id + "\": not running; there are " + managers.keySet());
    }
    return manager;
  }

  private static boolean flag(RuntimeOptions options, String name, boolean otherwise) {
    return options.values().containsKey(name) ? options.flag(name) : otherwise;
  }

  private static long id(RuntimeOptions options, String name) {
    long id = options.number(name, 0);
    if (id < 0 || id > 0xffff_fffeL) {
      throw new InvalidArgumentException("runtime option " + name + ": " + id + " is not an id");
    }
    return id;
  }

  private static Path absolute(String name, String path) {
    Path result = Path.of(path);
    if (!result.isAbsolute()) {
      throw new InvalidArgumentException(
          "runtime option " + name + ": \"" + path + "\" is not absolute");
    }
    return result;
  }

  private static String firstOf(String... candidates) {
    for (String candidate : candidates) {
      if (!candidate.isEmpty()) {
        return candidate;
      }
    }
    return "";
  }

  /** Arguments before the verb. */
  List<String> globalArguments(Path log) {
    return List.of("--root", root, "--log", log.toString(), "--log-format", "json");
  }

  /** The OCI runtime's own directory for a container; there is one as long as it knows it. */
  Path stateDirectory(String id) {
    return Path.of(root).resolve(id);
  }

  /** Exists from creation to start, in runc as in crun. */
  boolean awaitsStart(String id) {
    return Files.exists(startFifo(id));
  }

  Path startFifo(String id) {
    return stateDirectory(id).resolve("exec.fifo");
  }
}
