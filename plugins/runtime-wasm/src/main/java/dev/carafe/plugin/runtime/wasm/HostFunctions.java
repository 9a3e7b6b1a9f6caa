package dev.carafe.plugin.runtime.wasm;

import com.dylibso.chicory.log.Logger;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.runtime.TrapException;
import com.dylibso.chicory.runtime.WasmFunctionHandle;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasi.WasiOptions;
import com.dylibso.chicory.wasi.WasiPreview1;
import dev.carafe.spi.mounts.RootFileSystems;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Chicory's WASI preview 1 on a task's root and streams, with bounds where it has none. */
final class HostFunctions implements AutoCloseable {
  private static final int MOST_DESCRIPTORS = 1024;
  private static final int MOST_BUFFERS = 1024;
  // Of preview 1's errno.
  private static final int FAULT = 21;
  private static final int NOT_SUPPORTED = 58;

  private final WasiPreview1 wasi;

  HostFunctions(
      TaskSpec spec,
      RootFileSystems roots,
      Path root,
      InputStream stdin,
      OutputStream stdout,
      OutputStream stderr) {
    var options =
        WasiOptions.builder()
            .withArguments(spec.args())
            .withStdin(stdin, false)
            .withStdout(stdout, false)
            .withStderr(stderr, false)
            .withDirectory("/", new GuestFileSystem(roots, root).root());
    spec.environment().forEach(options::withEnvironment);
    this.wasi =
        WasiPreview1.builder().withLogger(new Silent()).withOptions(options.build()).build();
  }

  HostFunction[] all() {
    return Arrays.stream(wasi.toHostFunctions())
        .map(HostFunctions::bounded)
        .toArray(HostFunction[]::new);
  }

  private static HostFunction bounded(HostFunction function) {
    WasmFunctionHandle handle = function.handle();
    WasmFunctionHandle bounded =
        switch (function.name()) {
          case "path_open" -> (instance, args) -> opened(instance, handle, args);
          case "fd_read", "fd_pread" -> (instance, args) -> read(instance, handle, args);
          case "fd_filestat_get", "sock_accept", "sock_recv", "sock_send", "proc_raise" ->
              (instance, args) -> supported(instance, handle, args);
          default -> handle;
        };
    return new HostFunction(function.module(), function.name(), function.functionType(), bounded);
  }

  /** What Chicory does not do is an error that a program may expect, and no end of it. */
  private static long[] supported(Instance instance, WasmFunctionHandle handle, long[] args) {
    try {
      return handle.apply(instance, args);
    } catch (WasmRuntimeException e) {
      String message = String.valueOf(e.getMessage());
      if (message.contains("yet support") || message.startsWith("Unhandled descriptor")) {
        return new long[] {NOT_SUPPORTED};
      }
      throw e;
    }
  }

  /** A module could open directories until the heap is full. */
  private static long[] opened(Instance instance, WasmFunctionHandle handle, long[] args) {
    long[] result = handle.apply(instance, args);
    if (result[0] == 0 && instance.memory().readInt((int) args[8]) >= MOST_DESCRIPTORS) {
      throw new TrapException("more than " + MOST_DESCRIPTORS + " open files");
    }
    return result;
  }

  /** Buffers are made in the heap before anybody looks whether the module's memory holds them. */
  private static long[] read(Instance instance, WasmFunctionHandle handle, long[] args) {
    Memory memory = instance.memory();
    long size = (long) memory.pages() * Memory.PAGE_SIZE;
    int buffers = (int) args[2];
    if (buffers < 0 || buffers > MOST_BUFFERS) {
      return new long[] {FAULT};
    }
    for (int i = 0; i < buffers; i++) {
      long at = Integer.toUnsignedLong(memory.readInt((int) args[1] + i * 8));
      long length = Integer.toUnsignedLong(memory.readInt((int) args[1] + i * 8 + 4));
      if (at + length > size) {
        return new long[] {FAULT};
      }
    }
    return handle.apply(instance, args);
  }

  @Override
  public void close() {
    wasi.close();
  }

  /** A module must not fill the daemon's log. */
  private static final class Silent implements Logger {
    @Override
    public void log(Level level, String message, @Nullable Throwable cause) {}

    @Override
    public boolean isLoggable(Level level) {
      return false;
    }
  }
}
