@NullMarked
package dev.carafe.plugin.diff.proxy;

import org.jspecify.annotations.NullMarked;
