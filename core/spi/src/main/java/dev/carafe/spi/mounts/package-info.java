/**
 * The one record in which images and execution meet, {@link dev.carafe.spi.mounts.Mount}, and who
 * performs it for a runtime without processes, {@link dev.carafe.spi.mounts.RootFileSystems}.
 */
@NullMarked
package dev.carafe.spi.mounts;

import org.jspecify.annotations.NullMarked;
