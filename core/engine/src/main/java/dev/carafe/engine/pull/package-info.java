/**
 * From a name at a registry to content, snapshots and an image, in one pass over the bytes.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.engine.pull.ImagePuller}: the flow
 *   <li>{@link dev.carafe.engine.pull.LayerUnpacker}: one image's layers, in parallel
 *   <li>{@link dev.carafe.engine.pull.Progress}: who is told
 * </ul>
 */
@NullMarked
package dev.carafe.engine.pull;

import org.jspecify.annotations.NullMarked;
