@NullMarked
package dev.carafe.plugin.proxy.support;

import org.jspecify.annotations.NullMarked;
