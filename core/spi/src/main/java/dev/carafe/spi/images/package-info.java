/**
 * Where images come from and go to: the contracts of image source, archive and format plugins, and
 * of the plugins that they and the pull ask.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.images.ImageSource}: places with names, and {@link
 *       dev.carafe.spi.images.ImageDestination} for the other direction
 *   <li>{@link dev.carafe.spi.images.ImageArchive}: images as one stream
 *   <li>{@link dev.carafe.spi.images.ImageFormat}: what the daemon takes images for
 *   <li>{@link dev.carafe.spi.images.ImageLocation}: how images are called
 *   <li>{@link dev.carafe.spi.images.CredentialProvider}: who the daemon is at a registry
 *   <li>{@link dev.carafe.spi.images.ImageVerifier}: whether an image may be pulled
 * </ul>
 */
@NullMarked
package dev.carafe.spi.images;

import org.jspecify.annotations.NullMarked;
