/** Tests of the test kit: start at {@link dev.carafe.testkit.SuiteRun}. */
@NullMarked
package dev.carafe.testkit;

import org.jspecify.annotations.NullMarked;
