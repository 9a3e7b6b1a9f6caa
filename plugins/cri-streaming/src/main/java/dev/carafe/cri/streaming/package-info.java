/**
 * The server behind CRI's exec, attach and port-forward URLs, over SPDY/3.1 and WebSocket.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.cri.streaming.StreamingServer}: gives out one-time URLs and serves them
 *   <li>{@link dev.carafe.cri.streaming.StreamHandler}: what it calls, on virtual threads
 *   <li>{@link dev.carafe.cri.streaming.StreamingConfig}: addresses and limits
 * </ul>
 *
 * The protocols are Kubernetes': {@code v1} to {@code v5.channel.k8s.io}, {@code
 * portforward.k8s.io}.
 */
@NullMarked
package dev.carafe.cri.streaming;

import org.jspecify.annotations.NullMarked;
