/**
 * Runs containers with an OCI command line runtime (runc, crun) under conmon.
 *
 * <p>Per process there is one conmon, no child of the daemon. It waits for the process and leaves
 * its exit code in a file. Without a terminal the process writes straight into the client's FIFOs;
 * files and logging binaries are fed by a helper process that ends with its input. With a terminal
 * helpers copy between the pty and the client's FIFOs. No byte passes through the daemon. Why, and
 * what was measured: {@code docs/adr/0003-oci-runtime-stdio.md}.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.runtime.oci.OciRuntimeFactory}: the plugin
 *   <li>{@code OciRuntime}: the contract's calls
 *   <li>{@code BundleLayout}: every file that this plugin writes
 *   <li>{@code Conmon} and {@code StdioFiles}: how a process is started and what it inherits
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.runtime.oci;

import org.jspecify.annotations.NullMarked;
