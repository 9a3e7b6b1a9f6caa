/**
 * Checks for copies of containers' files. Subclass {@link
 * dev.carafe.testkit.files.ContainerFilesConformance}.
 */
@NullMarked
package dev.carafe.testkit.files;

import org.jspecify.annotations.NullMarked;
