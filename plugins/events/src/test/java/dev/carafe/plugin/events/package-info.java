/** Tests of the event exchange. */
@NullMarked
package dev.carafe.plugin.events;

import org.jspecify.annotations.NullMarked;
