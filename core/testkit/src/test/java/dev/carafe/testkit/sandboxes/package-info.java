/** Tests of the content store suite, on right and wrong implementations. */
@NullMarked
package dev.carafe.testkit.sandboxes;

import org.jspecify.annotations.NullMarked;
