@NullMarked
package dev.carafe.plugin.processors;

import org.jspecify.annotations.NullMarked;
