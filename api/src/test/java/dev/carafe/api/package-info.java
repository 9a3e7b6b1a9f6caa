/**
 * Checks that the compiled protobuf files are the wire, no more and no less.
 *
 * <p>Start at {@link dev.carafe.api.WireTablesTest}. The tables under {@code wire/} in the test
 * resources list every name and number that a client sees.
 */
@NullMarked
package dev.carafe.api;

import org.jspecify.annotations.NullMarked;
