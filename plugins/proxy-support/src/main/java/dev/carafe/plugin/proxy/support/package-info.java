/**
 * What proxy plugins share: a connection to another process that speaks containerd's gRPC services
 * on a Unix socket, and the conversions between its messages and the SPI.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.proxy.support.Peer}: the connection, and how its failures look
 *   <li>{@link dev.carafe.plugin.proxy.support.Answers}: what is believed of an answer
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.proxy.support;

import org.jspecify.annotations.NullMarked;
