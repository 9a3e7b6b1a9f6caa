/**
 * Linux, called directly: the one place that uses the foreign function interface.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.linux.PathCalls}, {@link dev.carafe.linux.FileCalls}: files by descriptor
 *   <li>{@link dev.carafe.linux.Mounter}, {@link dev.carafe.linux.DetachedMount}: mounts
 *   <li>{@link dev.carafe.linux.Spawn}, {@link dev.carafe.linux.EventLoop}: processes, and waiting
 * </ul>
 *
 * Classes named {@code ...Calls} hold one method per kernel call and no policy. Every failure is an
 * {@link dev.carafe.linux.ErrnoException}. Nothing is bound before its first use.
 */
@NullMarked
package dev.carafe.linux;

import org.jspecify.annotations.NullMarked;
