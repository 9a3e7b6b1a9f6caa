/** The suite for metadata databases, run over the one in memory. */
@NullMarked
package dev.carafe.testkit.metadata;

import org.jspecify.annotations.NullMarked;
