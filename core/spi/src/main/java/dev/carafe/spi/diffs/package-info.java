/**
 * Layer archives into directories and back: the contract of a differ plugin. Start at {@link
 * dev.carafe.spi.diffs.Differ}.
 */
@NullMarked
package dev.carafe.spi.diffs;

import org.jspecify.annotations.NullMarked;
