package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.nio.file.Path;

/** The runtime that is checked. */
interface RuntimeHarness {
  /** Opens it; called again on the same directory to play a daemon that comes back. */
  TaskRuntime open(Path state) throws Exception;

  /** Options that every task is created with. */
  default RuntimeOptions options() {
    return RuntimeOptions.NONE;
  }
}
