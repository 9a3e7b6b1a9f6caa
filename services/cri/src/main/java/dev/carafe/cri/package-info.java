/**
 * The Kubernetes container runtime interface: translates a kubelet's calls into what the engine
 * does.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.cri.RuntimeCalls}, {@link dev.carafe.cri.ImageCalls}: the two services
 *   <li>{@link dev.carafe.cri.PodFlow}, {@link dev.carafe.cri.ContainerFlow}: the life of a pod and
 *       of a container
 *   <li>{@link dev.carafe.cri.PodSandboxes}: what a pod's containers run in
 *   <li>{@link dev.carafe.cri.Records}: what is known of both, in memory and on disk
 *   <li>{@link dev.carafe.cri.ContainerSpec}: a container's specification
 * </ul>
 *
 * <p>A call that changes something runs on a thread of its own; who calls again with the same
 * identity waits for the first call's result ({@link dev.carafe.cri.InFlight}).
 */
@NullMarked
package dev.carafe.cri;

import org.jspecify.annotations.NullMarked;
