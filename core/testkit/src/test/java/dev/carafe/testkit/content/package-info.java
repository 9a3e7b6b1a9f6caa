/** Tests of the content store suite, on right and wrong implementations. */
@NullMarked
package dev.carafe.testkit.content;

import org.jspecify.annotations.NullMarked;
