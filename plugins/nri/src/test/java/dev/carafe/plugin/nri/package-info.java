@NullMarked
package dev.carafe.plugin.nri;

import org.jspecify.annotations.NullMarked;
