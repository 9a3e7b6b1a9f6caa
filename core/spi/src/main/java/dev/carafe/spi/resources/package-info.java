/**
 * Limits and accounts of what containers use: control groups, and who makes them.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.resources.ResourceManager}: the contract, one for each way of making
 *       groups
 *   <li>{@link dev.carafe.spi.resources.ResourceGroup}: what can be done with one container's group
 * </ul>
 *
 * Check an implementation with {@code ResourceManagerConformance} in the test kit.
 */
@NullMarked
package dev.carafe.spi.resources;

import org.jspecify.annotations.NullMarked;
