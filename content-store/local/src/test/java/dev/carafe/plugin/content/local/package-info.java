/** Tests of the local content store: the suite, crashes, full disks. */
@NullMarked
package dev.carafe.plugin.content.local;

import org.jspecify.annotations.NullMarked;
