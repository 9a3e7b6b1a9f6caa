/**
 * A snapshotter that another process serves: {@code type = "snapshot"} in {@code
 * [proxy_plugins.NAME]}, over containerd's {@code services.snapshots.v1}.
 *
 * <p>Start at {@code ProxySnapshotter}.
 */
@NullMarked
package dev.carafe.plugin.snapshotter.proxy;

import org.jspecify.annotations.NullMarked;
