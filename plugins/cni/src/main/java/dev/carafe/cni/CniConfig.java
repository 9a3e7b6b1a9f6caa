package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** How networks of pods are made; the first six keys and their defaults are containerd's. */
public record CniConfig(
    @Description("Directories with CNI plugins, searched in this order.") List<Path> binDirs,
    @Description("Directory with network configurations, watched for changes.") Path confDir,
    @Description(
            "How many configurations are used at most, in the order of their names: the pod gets"
                + " eth0, eth1 and so on; 0 for all.")
        int maxConfNum,
    @Description("Set a pod's networks up one after the other instead of all at once.")
        boolean setupSerially,
    @Description(
            "File from which a configuration is made in conf_dir once the pod address ranges of"
                + " this node are known; empty: whoever installs the network writes it.")
        String confTemplate,
    @Description("Which address of a pod comes first: ipv4, ipv6 or cni (as the plugins say).")
        IpPreference ipPref,
    @Description("How long a plugin may take to add, remove or check; then it is killed.")
        Duration pluginTimeout,
    @Description("How often plugins are asked whether they are ready; 1s to 5m.")
        Duration statusInterval,
    @Description(
            "How long a network that was ready may fail before it counts as not ready: so long the"
                + " last configuration that was good stays in use.")
        Duration statusGracePeriod) {
  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final int MOST_DIRECTORIES = 16;

  /** As many configurations are read from one directory. */
  static final int MOST_NETWORKS = 32;

  public static final CniConfig DEFAULT =
      new CniConfig(
          List.of(Path.of("/opt/cni/bin")),
          Path.of("/etc/cni/net.d"),
          1,
          false,
          "",
          IpPreference.IPV4,
          Duration.ofMinutes(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(20));

  public CniConfig {
    binDirs = List.copyOf(binDirs);
    if (binDirs.isEmpty() || binDirs.size() > MOST_DIRECTORIES) {
      throw new InvalidArgumentException("bin_dirs: not 1 to " + MOST_DIRECTORIES);
    }
    for (Path directory : binDirs) {
      requireAbsolute("bin_dirs", directory);
      if (directory.toString().indexOf(':') >= 0) {
        throw new InvalidArgumentException("bin_dirs: \"" + directory + "\" has a colon");
      }
    }
    requireAbsolute("conf_dir", confDir);
    requireCount("max_conf_num", maxConfNum);
    if (!confTemplate.isEmpty()) {
      requireAbsolute("conf_template", Path.of(confTemplate));
    }
    requireBetween("plugin_timeout", pluginTimeout, Duration.ofSeconds(1), LONGEST);
    requireBetween("status_interval", statusInterval, Duration.ofSeconds(1), Duration.ofMinutes(5));
    requireBetween("status_grace_period", statusGracePeriod, Duration.ZERO, LONGEST);
  }

  /**
   * Networks of one runtime handler, instead of those in {@code conf_dir}.
   *
   * @param path an absolute directory with configurations
   * @param maxConfNum as {@code max_conf_num}
   */
  public record Directory(Path path, int maxConfNum) {
    public Directory {
      requireAbsolute("cni_conf_dir", path);
      requireCount("cni_max_conf_num", maxConfNum);
    }

    int most() {
      return maxConfNum == 0 ? MOST_NETWORKS : maxConfNum;
    }
  }

  Directory directory() {
    return new Directory(confDir, maxConfNum);
  }

  private static void requireAbsolute(String key, Path path) {
    if (!path.isAbsolute()) {
      throw new InvalidArgumentException(key + ": \"" + path + "\" is not an absolute path");
    }
  }

  private static void requireCount(String key, int count) {
    if (count < 0 || count > MOST_NETWORKS) {
      throw new InvalidArgumentException(
          key + " " + count + " is not in 0 (all) to " + MOST_NETWORKS);
    }
  }

  private static void requireBetween(String key, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new InvalidArgumentException(key + " " + value + " is not in " + least + " to " + most);
    }
  }
}
