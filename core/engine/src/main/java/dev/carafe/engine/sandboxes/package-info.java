/**
 * Sandboxes as the daemon runs them: which controller has one, one change at a time, their events.
 * Start at {@link dev.carafe.engine.sandboxes.SandboxManager}.
 */
@NullMarked
package dev.carafe.engine.sandboxes;

import org.jspecify.annotations.NullMarked;
