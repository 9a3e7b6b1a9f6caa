/**
 * The contract of resource managers as tests.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.resources.ResourceManagerConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.resources.ResourceManagerHarness}: how it opens yours
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.resources;

import org.jspecify.annotations.NullMarked;
