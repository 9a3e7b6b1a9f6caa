@NullMarked
package dev.carafe.plugin.snapshotter.proxy;

import org.jspecify.annotations.NullMarked;
