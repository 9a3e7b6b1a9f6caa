/** Tests of the services, each over the wire and real metadata. Start at {@code Wire}. */
@NullMarked
package dev.carafe.services;

import org.jspecify.annotations.NullMarked;
