/**
 * Processes for proxy plugins to talk to, in tests. Start at {@link
 * dev.carafe.plugin.proxy.testing.ServedStores}.
 */
@NullMarked
package dev.carafe.plugin.proxy.testing;

import org.jspecify.annotations.NullMarked;
