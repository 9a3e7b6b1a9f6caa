/** Tests of the plugin host. */
@NullMarked
package dev.carafe.host;

import org.jspecify.annotations.NullMarked;
