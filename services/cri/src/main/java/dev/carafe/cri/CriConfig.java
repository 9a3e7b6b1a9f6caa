package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.cni.CniConfig;
import dev.carafe.cri.streaming.StreamingConfig;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table {@code [cri]}. */
record CriConfig(
    @Description("Runtime handler of pods that name none.") String defaultRuntimeHandler,
    @Description("Snapshotter for images and containers; empty for that of pulls.")
        String snapshotter,
    @Description(
            "Platforms, in order, whose image is taken where there is none for this machine; for"
                + " example wasi/wasm.")
        List<String> imagePlatforms,
    @Description(
            "Image whose program runs in every pod, for what expects one; empty: none, and only a pod"
                + " whose containers share their processes has a first process, of the daemon's.")
        String pauseImage,
    @Description(
            "Whether a pod's image may be a file of the image source \"files\", as in"
                + " \"oci:/srv/images:tag\": whoever makes pods then reads what is in its folders.")
        boolean imageFiles,
    @Description("Bytes of each output that ExecSync returns at most; the rest is dropped.")
        long execOutputLimit,
    @Description("How long ExecSync waits for output that children of an ended command still hold.")
        Duration execDrain,
    @Description("How long a pod's or container's creation may take in all.")
        Duration creationTimeout,
    @Description("Directories with descriptions of CDI devices (JSON, YAML); the later ones win.")
        List<Path> cdiSpecDirs,
    @Description(
            "Log driver: where containers' output goes besides the kubelet's file (cri-file: nowhere;"
                + " journald, tee, or a plugin's).")
        String logDriver,
    @Description("What runtime handlers have of their own.") Map<String, Handler> handlers,
    @Description("Networks of pods.") CniConfig cni,
    @Description("Where exec, attach and port-forward are served.") StreamingConfig streaming) {
  static final CriConfig DEFAULT =
      new CriConfig(
          "runc",
          "",
          List.of(),
          "",
          false,
          16 << 20,
          Duration.ofSeconds(2),
          Duration.ofMinutes(4),
          List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi")),
          "cri-file",
          Map.of(),
          CniConfig.DEFAULT,
          StreamingConfig.DEFAULT);

  /** A table {@code [cri.handlers.NAME]}. */
  record Handler(
      @Description("Directory with the network configurations of its pods; empty: as all others.")
          String cniConfDir,
      @Description("How many of them are used at most; 0 for all.") int cniMaxConfNum,
      @Description(
              "Annotations of pods that the runtime gets to see: names, or beginnings with a star."
                  + " A runtime may act on them with the host's rights.")
          List<String> podAnnotations,
      @Description("The same for annotations of containers.") List<String> containerAnnotations,
      @Description("Log driver of its pods; empty: as all others.") String logDriver,
      @Description(
              "Who makes the sandboxes of its pods: podsandbox (namespaces, without a process), or shim"
                  + " (the runtime's own, for example a virtual machine).")
          Sandboxer sandboxer) {
    static final Handler DEFAULT =
        new Handler("", 1, List.of(), List.of(), "", Sandboxer.PODSANDBOX);

    Handler {
      podAnnotations = List.copyOf(podAnnotations);
      containerAnnotations = List.copyOf(containerAnnotations);
    }

    /** What the runtime gets to see of a pod. */
    Map<String, String> annotations(Pod pod) {
      Map<String, String> shown = new LinkedHashMap<>();
      pass(podAnnotations, pod.config().getAnnotationsMap(), shown);
      return shown;
    }

    /** What the runtime gets to see of a container, its pod's included. */
    Map<String, String> annotations(Pod pod, ContainerConfig container) {
      Map<String, String> shown = annotations(pod);
      pass(containerAnnotations, container.getAnnotationsMap(), shown);
      return shown;
    }

    private static void pass(
        List<String> patterns, Map<String, String> from, Map<String, String> to) {
      from.forEach((name, value) -> {
        if (patterns.stream().anyMatch(pattern -> matches(pattern, name))) {
          to.put(name, value);
        }
      });
    }

    private static boolean matches(String pattern, String name) {
      return pattern.endsWith("*")
          ? name.startsWith(pattern.substring(0, pattern.length() - 1))
          : name.equals(pattern);
    }
  }

  /** Handlers whose pods have networks of their own. */
  Map<String, CniConfig.Directory> cniDirectories() {
    Map<String, CniConfig.Directory> directories = new LinkedHashMap<>();
    handlers.forEach((name, handler) -> {
      if (!handler.cniConfDir().isEmpty()) {
        directories.put(
            name, new CniConfig.Directory(Path.of(handler.cniConfDir()), handler.cniMaxConfNum()));
      }
    });
    return directories;
  }

  CriConfig {
    cdiSpecDirs = List.copyOf(cdiSpecDirs);
    handlers = Map.copyOf(handlers);
    if (execOutputLimit < 1 || execOutputLimit > 1 << 30) {
      throw new InvalidArgumentException(
          "exec_output_limit " + execOutputLimit + " is not between 1 and 1073741824");
    }
  }
}
