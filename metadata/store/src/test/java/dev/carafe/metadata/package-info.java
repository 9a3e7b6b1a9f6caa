/**
 * Tests of the namespaced stores and of garbage collection.
 *
 * <p>Start at {@code World}: metadata over back ends in memory that outlive it, so that a test can
 * restart it, or crash it at any call ({@code CrashPoints}).
 */
@NullMarked
package dev.carafe.metadata;

import org.jspecify.annotations.NullMarked;
