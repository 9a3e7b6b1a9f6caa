package dev.carafe.spi.plugins;

/**
 * What one plugin keeps of another: why the other is not unloaded.
 *
 * @param what for people, for example {@code 17 snapshots in namespace k8s.io}
 * @param instance whether it needs the very object that is there now: then the other is not
 *     reloaded either
 */
public record PluginUse(String what, boolean instance) {}
