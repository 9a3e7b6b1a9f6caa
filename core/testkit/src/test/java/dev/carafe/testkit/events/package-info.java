/** What the suites find. */
@NullMarked
package dev.carafe.testkit.events;

import org.jspecify.annotations.NullMarked;
