@NullMarked
package dev.carafe.plugin.images.archive;

import org.jspecify.annotations.NullMarked;
