/** Tests of pod sandboxes. */
@NullMarked
package dev.carafe.plugin.sandbox.pod;

import org.jspecify.annotations.NullMarked;
