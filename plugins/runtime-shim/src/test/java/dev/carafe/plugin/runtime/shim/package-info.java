/** Tests of the shim runtime: real shims of several versions, and shims that misbehave. */
@NullMarked
package dev.carafe.plugin.runtime.shim;

import org.jspecify.annotations.NullMarked;
