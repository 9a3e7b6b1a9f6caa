/**
 * Files into containers and out of them: the contract of a container files plugin. Start at {@link
 * dev.carafe.spi.files.ContainerFiles}.
 */
@NullMarked
package dev.carafe.spi.files;

import org.jspecify.annotations.NullMarked;
