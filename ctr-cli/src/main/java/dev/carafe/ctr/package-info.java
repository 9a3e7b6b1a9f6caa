/**
 * {@code carafe}: the command line client. Speaks gRPC to a daemon and nothing else.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.ctr.Main}: what happens to a command line
 *   <li>{@code Commands}: all commands with their flags
 *   <li>{@code RunCommand}: how a container comes to run, step by step over the API
 * </ul>
 */
@NullMarked
package dev.carafe.ctr;

import org.jspecify.annotations.NullMarked;
