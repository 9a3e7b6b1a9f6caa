/**
 * Sandboxes as pinned namespaces, without a pause process.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.sandbox.pod.PodSandboxController}: the controller
 *   <li>{@link dev.carafe.plugin.sandbox.pod.PodLayout}: what is where on disk
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.sandbox.pod;

import org.jspecify.annotations.NullMarked;
