package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;

/** The table {@code [plugins."io.containerd.runtime.v2.wasm"]}. */
public record WasmConfig(
    @Description("Linear memory of a task whose specification has no memory limit, in MiB.")
        long taskMemoryMib,
    @Description(
            "Linear memory of all tasks together, in MiB; 0 is half of what the daemon's heap may"
                + " grow to. A task that could exceed it is not created.")
        long totalMemoryMib,
    @Description("The largest module that is loaded, in MiB.") long moduleMib,
    @Description(
            "Whether modules are compiled before they run: a slower start, many times the speed.")
        boolean compile) {
  static final WasmConfig DEFAULT = new WasmConfig(32, 0, 32, true);

  private static final long MOST = 1 << 20;

  public WasmConfig {
    check("task_memory_mib", taskMemoryMib, 1);
    check("total_memory_mib", totalMemoryMib, 0);
    check("module_mib", moduleMib, 1);
    if (moduleMib > 1024) {
      throw new InvalidArgumentException("module_mib: " + moduleMib + " is more than 1024");
    }
  }

  private static void check(String key, long value, long least) {
    if (value < least || value > MOST) {
      throw new InvalidArgumentException(
          key + ": " + value + " is not between " + least + " and " + MOST);
    }
  }

  /** Bytes of linear memory for all tasks. */
  long totalMemory() {
    return totalMemoryMib == 0 ? Runtime.getRuntime().maxMemory() / 2 : totalMemoryMib << 20;
  }
}
