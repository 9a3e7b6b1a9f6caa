/**
 * The contract of log drivers as tests.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.logs.LogDriverConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.logs.LogDriverHarness}: how it opens yours
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.logs;

import org.jspecify.annotations.NullMarked;
