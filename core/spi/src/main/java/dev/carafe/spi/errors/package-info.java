/**
 * The closed set of failures that callers branch on.
 *
 * <p>Start at {@link dev.carafe.spi.errors.DaemonException}. A message names what and which: {@code
 * snapshot "x": parent "y" is not committed}. Each failure has one gRPC code (services translate in
 * one place); anything else that reaches the wire is UNKNOWN.
 */
@NullMarked
package dev.carafe.spi.errors;

import org.jspecify.annotations.NullMarked;
