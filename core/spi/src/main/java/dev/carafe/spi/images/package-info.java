/**
 * Where images come from and go to: the contracts of image source and image archive plugins.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.images.ImageSource}: places with names, and {@link
 *       dev.carafe.spi.images.ImageDestination} for the other direction
 *   <li>{@link dev.carafe.spi.images.ImageArchive}: images as one stream
 *   <li>{@link dev.carafe.spi.images.ImageName}: how images are called
 * </ul>
 */
@NullMarked
package dev.carafe.spi.images;

import org.jspecify.annotations.NullMarked;
