/** What the suites find. */
@NullMarked
package dev.carafe.testkit.diffs;

import org.jspecify.annotations.NullMarked;
