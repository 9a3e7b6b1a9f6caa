/** Tests of the configuration. */
@NullMarked
package dev.carafe.host.config;

import org.jspecify.annotations.NullMarked;
