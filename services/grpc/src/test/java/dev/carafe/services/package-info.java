/** Tests of containerd's services. */
@NullMarked
package dev.carafe.services;

import org.jspecify.annotations.NullMarked;
