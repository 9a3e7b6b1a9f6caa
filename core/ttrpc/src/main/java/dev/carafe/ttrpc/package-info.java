/**
 * ttrpc: calls of protobuf services over a stream socket, in frames of a ten-byte header.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.ttrpc.TtrpcClient}: calls and streams to a peer
 *   <li>{@link dev.carafe.ttrpc.TtrpcServer}: answers them
 *   <li>{@link dev.carafe.ttrpc.TtrpcException}: how they fail
 * </ul>
 */
@NullMarked
package dev.carafe.ttrpc;

import org.jspecify.annotations.NullMarked;
