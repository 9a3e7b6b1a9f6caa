/**
 * Where images come from: the contract of an image source plugin, and of the plugins that it and
 * the pull ask.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.spi.images.ImageSource}: the contract
 *   <li>{@link dev.carafe.spi.images.ImageName}: how images are called
 *   <li>{@link dev.carafe.spi.images.CredentialProvider}: who the daemon is at a registry
 *   <li>{@link dev.carafe.spi.images.ImageVerifier}: whether an image may be pulled
 * </ul>
 */
@NullMarked
package dev.carafe.spi.images;

import org.jspecify.annotations.NullMarked;
