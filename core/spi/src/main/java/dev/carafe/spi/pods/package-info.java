/**
 * Pods and their containers on their way through life, for those who look on or have a say.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.pods.PodHooks}: what is asked and told
 *   <li>{@link dev.carafe.spi.pods.PodHost}: what may be asked in return
 * </ul>
 */
@NullMarked
package dev.carafe.spi.pods;

import org.jspecify.annotations.NullMarked;
