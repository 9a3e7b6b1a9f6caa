/**
 * Processes for proxy plugins to talk to, in tests. Start at {@link
 * dev.carafe.plugin.proxy.testing.ServedStores}; {@link
 * dev.carafe.plugin.proxy.testing.LazySnapshots} is a snapshotter that has layers which nobody
 * fetched.
 */
@NullMarked
package dev.carafe.plugin.proxy.testing;

import org.jspecify.annotations.NullMarked;
