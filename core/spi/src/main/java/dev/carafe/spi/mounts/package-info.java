/** The one record in which images and execution meet: {@link dev.carafe.spi.mounts.Mount}. */
@NullMarked
package dev.carafe.spi.mounts;

import org.jspecify.annotations.NullMarked;
