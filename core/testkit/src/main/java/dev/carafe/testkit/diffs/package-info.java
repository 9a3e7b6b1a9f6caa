/**
 * The contracts of differs and layer processors as tests.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.diffs.DifferConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.diffs.LayerProcessorConformance}: the same, with a layer of yours
 *   <li>{@link dev.carafe.testkit.diffs.TarLayer}: writes layers, right ones and wrong ones
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.diffs;

import org.jspecify.annotations.NullMarked;
