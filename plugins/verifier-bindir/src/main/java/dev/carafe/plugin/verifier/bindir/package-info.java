/**
 * Image verification by executables in a directory, by containerd's contract (containerd
 * docs/image-verification.md).
 *
 * <p>Start at {@link dev.carafe.plugin.verifier.bindir.BindirFactory}; {@code BindirVerifier} runs
 * the programs.
 */
@NullMarked
package dev.carafe.plugin.verifier.bindir;

import org.jspecify.annotations.NullMarked;
