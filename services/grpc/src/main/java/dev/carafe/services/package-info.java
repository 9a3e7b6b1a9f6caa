/**
 * containerd's gRPC services over the engine: convert, call, convert.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.services.GrpcService}: what a service plugin hands to the daemon
 *   <li>{@link dev.carafe.services.Calls}: namespace, lease, cancellation and failures of a call
 *   <li>{@link dev.carafe.services.Protos}: between protobuf messages and records
 *   <li>{@link dev.carafe.services.Filters}: containerd's filter language
 * </ul>
 */
@NullMarked
package dev.carafe.services;

import org.jspecify.annotations.NullMarked;
