/** Tests of the daemon's own parts; the daemon as a whole is tested as a packaged program. */
@NullMarked
package dev.carafe.daemon;

import org.jspecify.annotations.NullMarked;
