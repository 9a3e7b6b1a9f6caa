/**
 * The conformance suites on a plugin's jar, loaded by the daemon's own host.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.check.PluginCheck}: what is checked
 *   <li>{@link dev.carafe.testkit.check.PackagedPluginConformance}: subclass it to check a jar in a
 *       build
 *   <li>{@link dev.carafe.testkit.check.Main}: the program
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.check;

import org.jspecify.annotations.NullMarked;
