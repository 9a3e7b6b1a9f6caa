/**
 * Tests of the registry client.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.source.registry.FakeRegistry}: the other side in most tests
 *   <li>{@link dev.carafe.plugin.source.registry.RawServer}: the other side that breaks HTTP
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.source.registry;

import org.jspecify.annotations.NullMarked;
