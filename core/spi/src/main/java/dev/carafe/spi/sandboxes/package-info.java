/**
 * Environments in which containers run together: the contract of a sandbox controller.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.sandboxes.SandboxController}: the contract
 *   <li>{@link dev.carafe.spi.sandboxes.Sandbox}: what a client wants
 * </ul>
 */
@NullMarked
package dev.carafe.spi.sandboxes;

import org.jspecify.annotations.NullMarked;
