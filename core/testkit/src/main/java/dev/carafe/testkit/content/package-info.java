/**
 * Checks of content stores.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.content.ContentStoreConformance}: subclass it
 *   <li>{@link dev.carafe.testkit.content.MemoryContentStore}: the smallest implementation that
 *       passes; use it in tests of code that needs a content store
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.content;

import org.jspecify.annotations.NullMarked;
