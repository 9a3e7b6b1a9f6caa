/**
 * Measures a daemon by containerd's gRPC API, whoever answers it: {@link dev.carafe.bench.ApiBench}
 * runs one kind of load after the other on a socket and prints a line for each figure.
 */
@NullMarked
package dev.carafe.bench;

import org.jspecify.annotations.NullMarked;
