/**
 * Checks for what moves and judges images: archives, destinations, verifiers, credentials. Subclass
 * {@link dev.carafe.testkit.images.ImageArchiveConformance} and its kin.
 */
@NullMarked
package dev.carafe.testkit.images;

import org.jspecify.annotations.NullMarked;
