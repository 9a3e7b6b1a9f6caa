@NullMarked
package dev.carafe.plugin.sandbox.proxy;

import org.jspecify.annotations.NullMarked;
