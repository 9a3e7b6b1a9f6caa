@NullMarked
package dev.carafe.plugin.content.proxy;

import org.jspecify.annotations.NullMarked;
