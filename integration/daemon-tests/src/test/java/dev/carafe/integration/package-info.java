/**
 * Tests on the packaged daemon, from outside: processes, sockets and files are all they see.
 *
 * <p>Start at {@link dev.carafe.integration.Lab}: what a test gets.
 */
@NullMarked
package dev.carafe.integration;

import org.jspecify.annotations.NullMarked;
