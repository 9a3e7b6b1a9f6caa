package dev.carafe.daemon;

import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.DaemonException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again and says in the log what changed, and what needs a restart. With a
 * mistake in it, everything stays as it is.
 */
final class Reload implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

  private final ConfigLoader.Flags flags;
  private final Function<DaemonConfig, List<String>> plugins;
  private final DaemonConfig inForce;
  private DaemonConfig.Debug debug;

  /**
   * @param inForce what the daemon was started with
   * @param plugins hands a configuration to the plugins
   */
  Reload(
      ConfigLoader.Flags flags,
      DaemonConfig inForce,
      Function<DaemonConfig, List<String>> plugins) {
    this.flags = flags;
    this.inForce = inForce;
    this.debug = inForce.debug();
    this.plugins = plugins;
  }

  @Override
  public synchronized void run() {
    Notify.send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
    try {
      List<String> lines = apply(ConfigLoader.load(flags));
      LOG.info("configuration read again{}", lines.isEmpty() ? ": nothing changed" : "");
      lines.forEach(line -> LOG.info("configuration: {}", line));
    } catch (DaemonException e) {
      e.getMessage().lines().forEach(line -> LOG.error("configuration not taken: {}", line));
    } finally {
      Notify.send("READY=1");
    }
  }

  /** What changed, one line each. */
  private List<String> apply(DaemonConfig next) {
    List<String> lines = new ArrayList<>(plugins.apply(next));
    if (next.debug().level() != debug.level() || next.debug().format() != debug.format()) {
      Logs.configure(next.debug());
      debug = next.debug();
      lines.add("[debug]: reloaded: " + debug);
    }
    restart(lines, "[debug] address", inForce.debug().address(), next.debug().address());
    restart(lines, "root", inForce.root(), next.root());
    restart(lines, "state", inForce.state(), next.state());
    restart(lines, "plugin_dirs", inForce.pluginDirs(), next.pluginDirs());
    restart(lines, "disabled_plugins", inForce.disabledPlugins(), next.disabledPlugins());
    restart(lines, "[grpc]", inForce.grpc(), next.grpc());
    restart(lines, "[backend]", inForce.backend(), next.backend());
    restart(lines, "[proxy_plugins]", inForce.proxyPlugins(), next.proxyPlugins());
    restart(lines, "[metrics]", inForce.metrics(), next.metrics());
    restart(lines, "[plugin_limits]", inForce.pluginLimits(), next.pluginLimits());
    return lines;
  }

  private static void restart(List<String> lines, String key, Object before, Object after) {
    if (!before.equals(after)) {
      lines.add(key + ": needs a restart");
    }
  }
}
