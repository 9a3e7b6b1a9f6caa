/** Tests of the schedule; start at {@code PaceTest}. */
@NullMarked
package dev.carafe.plugin.gc.scheduler;

import org.jspecify.annotations.NullMarked;
