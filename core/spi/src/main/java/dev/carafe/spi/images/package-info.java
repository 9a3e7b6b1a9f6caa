/**
 * Where images come from: the contract of an image source plugin.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.images.ImageSource}: the contract
 *   <li>{@link dev.carafe.spi.images.ImageName}: how images are called
 * </ul>
 */
@NullMarked
package dev.carafe.spi.images;

import org.jspecify.annotations.NullMarked;
