/**
 * A sandbox controller that another process serves: {@code type = "sandbox"} in {@code
 * [proxy_plugins.NAME]}, over the controller of containerd's {@code services.sandbox.v1}.
 *
 * <p>Start at {@code ProxySandboxController}.
 */
@NullMarked
package dev.carafe.plugin.sandbox.proxy;

import org.jspecify.annotations.NullMarked;
