/**
 * A differ that another process serves: {@code type = "diff"} in {@code [proxy_plugins.NAME]}, over
 * containerd's {@code services.diff.v1}.
 *
 * <p>Start at {@code ProxyDiffer}.
 */
@NullMarked
package dev.carafe.plugin.diff.proxy;

import org.jspecify.annotations.NullMarked;
