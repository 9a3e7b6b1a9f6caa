package dev.carafe.spi.plugins;

import java.util.Objects;

/**
 * A kind of plugin, under the name that containerd's introspection shows.
 *
 * @param name for example {@code io.containerd.snapshotter.v1}
 * @param contract the interface that instances implement; calls on it are guarded by the host
 * @param <T> the contract
 */
public record PluginType<T>(String name, Class<T> contract) {
  public PluginType {
    Objects.requireNonNull(name);
    if (!contract.isInterface()) {
      throw new IllegalArgumentException(
          "contract of " + name + " is not an interface: " + contract);
    }
  }
}
