/**
 * Where else the output of pods' containers goes, besides the file that a kubelet reads.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.logs.LogDriver}: the contract, and how no line is lost
 *   <li>{@link dev.carafe.spi.logs.LogLine}: what a driver gets
 * </ul>
 *
 * Check an implementation with {@code LogDriverConformance} in the test kit.
 */
@NullMarked
package dev.carafe.spi.logs;

import org.jspecify.annotations.NullMarked;
