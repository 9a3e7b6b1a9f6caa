/**
 * WebAssembly inside the daemon: a task is a module that runs on a thread of its own.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.runtime.wasm.WasmRuntime}: the task runtime
 *   <li>{@link dev.carafe.plugin.runtime.wasm.GuestThread}: where a module is stopped, held and
 *       ended
 *   <li>{@link dev.carafe.plugin.runtime.wasm.GuestProvider}: all that a module sees of files
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.runtime.wasm;

import org.jspecify.annotations.NullMarked;
