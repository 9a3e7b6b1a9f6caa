/**
 * The flows: one class for each verb of a user, on top of the plugins.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@code dev.carafe.engine.pull.ImagePuller}: from a name at a registry to a root file system
 *   <li>{@code dev.carafe.engine.tasks.TaskManager}: from a container to a running task, and over
 *       restarts
 *   <li>{@link dev.carafe.engine.stores.Stores}: what the flows work on
 * </ul>
 */
@NullMarked
package dev.carafe.engine;

import org.jspecify.annotations.NullMarked;
