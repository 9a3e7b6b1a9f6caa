/**
 * HTTP for readers on this machine: what metrics and the debug page are served with.
 *
 * <p>Start at {@link dev.carafe.services.loopback.LoopbackServer}.
 */
@NullMarked
package dev.carafe.services.loopback;

import org.jspecify.annotations.NullMarked;
