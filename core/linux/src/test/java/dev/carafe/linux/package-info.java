/** Tests of the kernel calls, on the real kernel; they need root. */
@NullMarked
package dev.carafe.linux;

import org.jspecify.annotations.NullMarked;
