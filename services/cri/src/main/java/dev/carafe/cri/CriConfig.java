package dev.carafe.cri;

import dev.carafe.cni.CniConfig;
import dev.carafe.cri.streaming.StreamingConfig;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.time.Duration;

/** The table {@code [cri]}. */
record CriConfig(
    @Description("Runtime handler of pods that name none.") String defaultRuntimeHandler,
    @Description("Snapshotter for images and containers; empty for that of pulls.")
        String snapshotter,
    @Description("Bytes of each output that ExecSync returns at most; the rest is dropped.")
        long execOutputLimit,
    @Description("How long ExecSync waits for output that children of an ended command still hold.")
        Duration execDrain,
    @Description("How long a pod's or container's creation may take in all.")
        Duration creationTimeout,
    @Description("Networks of pods.") CniConfig cni,
    @Description("Where exec, attach and port-forward are served.") StreamingConfig streaming) {
  static final CriConfig DEFAULT =
      new CriConfig(
          "runc",
          "",
          16 << 20,
          Duration.ofSeconds(2),
          Duration.ofMinutes(4),
          CniConfig.DEFAULT,
          StreamingConfig.DEFAULT);

  CriConfig {
    if (execOutputLimit < 1 || execOutputLimit > 1 << 30) {
      throw new InvalidArgumentException(
          "exec_output_limit " + execOutputLimit + " is not between 1 and 1073741824");
    }
  }
}
