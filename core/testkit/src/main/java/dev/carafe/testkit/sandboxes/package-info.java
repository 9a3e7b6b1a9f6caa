/**
 * What a sandbox controller must do, as tests.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.sandboxes.SandboxControllerConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.sandboxes.MemorySandboxController}: one that makes nothing
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.sandboxes;

import org.jspecify.annotations.NullMarked;
