/**
 * Running containers: from a container record to a task, its processes and its end, also over a
 * restart of the daemon. Start at {@link dev.carafe.engine.tasks.TaskManager}.
 */
@NullMarked
package dev.carafe.engine.tasks;

import org.jspecify.annotations.NullMarked;
