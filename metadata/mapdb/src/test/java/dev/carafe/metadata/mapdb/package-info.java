/** Tests of the metadata database; {@code DatabaseBench} and {@code KillRounds} have a main. */
@NullMarked
package dev.carafe.metadata.mapdb;

import org.jspecify.annotations.NullMarked;
