/**
 * gRPC over HTTP/2 on a Unix socket, as little of it as a command line client needs: a program that
 * runs for a tenth of a second cannot load a server's network stack (measured in
 * docs/adr/0004-command-line-client.md).
 *
 * <p>Start at {@link dev.carafe.ctr.grpc.Channel}.
 */
@NullMarked
package dev.carafe.ctr.grpc;

import org.jspecify.annotations.NullMarked;
