@NullMarked
package dev.carafe.engine.archive;

import org.jspecify.annotations.NullMarked;
