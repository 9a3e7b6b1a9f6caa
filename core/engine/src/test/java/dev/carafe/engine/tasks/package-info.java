/** Tests of how tasks are run. */
@NullMarked
package dev.carafe.engine.tasks;

import org.jspecify.annotations.NullMarked;
