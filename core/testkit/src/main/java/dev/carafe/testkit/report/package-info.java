/**
 * What came of a suite, to be published with a plugin.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.testkit.report.Report}: checks and what came of each
 *   <li>{@link dev.carafe.testkit.report.ReportListener}: writes one for each suite that JUnit runs
 * </ul>
 */
@NullMarked
package dev.carafe.testkit.report;

import org.jspecify.annotations.NullMarked;
