/**
 * A content store that another process serves: {@code type = "content"} in {@code
 * [proxy_plugins.NAME]}, over containerd's {@code services.content.v1}.
 *
 * <p>Start at {@code ProxyContentStore}; {@code ProxyWriter} is the stream of a write, {@code
 * ProxyReader} that of a read.
 */
@NullMarked
package dev.carafe.plugin.content.proxy;

import org.jspecify.annotations.NullMarked;
