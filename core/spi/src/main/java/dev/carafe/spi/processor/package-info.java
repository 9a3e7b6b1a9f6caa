/**
 * What runs inside javac when a plugin is compiled; nothing of it runs in the daemon.
 *
 * <p>Start at {@link dev.carafe.spi.processor.PluginProcessor}.
 */
@NullMarked
package dev.carafe.spi.processor;

import org.jspecify.annotations.NullMarked;
