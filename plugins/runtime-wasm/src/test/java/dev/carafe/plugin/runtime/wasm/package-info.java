/** Tests of WebAssembly tasks: as root, since they mount. */
@org.jspecify.annotations.NullMarked
package dev.carafe.plugin.runtime.wasm;
