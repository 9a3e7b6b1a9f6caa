/** Checks of the checks for images. */
@NullMarked
package dev.carafe.testkit.images;

import org.jspecify.annotations.NullMarked;
