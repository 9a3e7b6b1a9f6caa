/**
 * Where flows say what they do and how long it takes, for metrics and traces. Costs nothing while
 * nobody listens. Start at {@link dev.carafe.engine.observe.Observations}.
 */
@NullMarked
package dev.carafe.engine.observe;

import org.jspecify.annotations.NullMarked;
