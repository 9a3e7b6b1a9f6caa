/** Tests of the mount manager, over real metadata. */
@NullMarked
package dev.carafe.plugin.mounts;

import org.jspecify.annotations.NullMarked;
