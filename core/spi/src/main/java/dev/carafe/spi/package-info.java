/**
 * The contract between the daemon and its plugins; one package for each extension point. Start at
 * {@link dev.carafe.spi.plugins.PluginFactory}.
 */
@NullMarked
package dev.carafe.spi;

import org.jspecify.annotations.NullMarked;
