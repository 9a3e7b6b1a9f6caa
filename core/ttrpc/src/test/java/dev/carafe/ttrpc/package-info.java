/** Tests of ttrpc: both ends of ours, and peers that misbehave. */
@NullMarked
package dev.carafe.ttrpc;

import org.jspecify.annotations.NullMarked;
