/**
 * Layers through programs, by containerd's contract (containerd docs/stream_processors.md).
 *
 * <p>Start at {@link dev.carafe.plugin.processors.ProgramsFactory}; {@code ProgramProcessor} runs
 * the programs.
 */
@NullMarked
package dev.carafe.plugin.processors;

import org.jspecify.annotations.NullMarked;
