/**
 * Pictures of the plugin graph for people: one card for each kind, lines between kinds, columns in
 * the order of what has to be up first.
 *
 * <p>Start at {@link dev.carafe.graph.SvgGraph}.
 */
@NullMarked
package dev.carafe.graph;

import org.jspecify.annotations.NullMarked;
