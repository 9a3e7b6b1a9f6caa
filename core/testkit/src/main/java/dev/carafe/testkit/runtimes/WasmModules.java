package dev.carafe.testkit.runtimes;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Small WebAssembly programs for tests, as modules. Each exports {@code _start}. */
public final class WasmModules {
  // Rights, flags and descriptors of preview 1.
  private static final long READ = 2;

  private static final long WRITE = 64;
  private static final int CREATE = 1;
  private static final int ROOT = 3;

  private WasmModules() {}

  private static WasmModule exiting() {
    return new WasmModule().imports("proc_exit", "i");
  }

  /** Ends with a code. */
  public static byte[] exit(int code) {
    return exiting().constant(code).exit().build();
  }

  /** Returns from its function. */
  public static byte[] nothing() {
    return new WasmModule().build();
  }

  /** Does what no program may. */
  public static byte[] trap() {
    return new WasmModule().trap().build();
  }

  /** Says a text and turns in a loop for ever. */
  public static byte[] spin(String first) {
    WasmModule module = new WasmModule().imports("fd_write", "iiii");
    write(module, 1, first, module.words(0));
    return module.loop().branch(0).end().build();
  }

  /** Imports what is not of WASI. */
  public static byte[] foreignImport() {
    return new WasmModule().importsFrom("env").imports("system", "i").build();
  }

  /** Writes two texts, then ends with a code. */
  public static byte[] print(String out, String err, int code) {
    WasmModule module = exiting().imports("fd_write", "iiii");
    int result = module.words(0);
    write(module, 1, out, result);
    write(module, 2, err, result);
    return module.constant(code).exit().build();
  }

  private static void write(WasmModule module, int descriptor, String text, int result) {
    if (!text.isEmpty()) {
      int length = text.getBytes(StandardCharsets.UTF_8).length;
      int buffer = module.words(module.data(text), length);
      module.callAndDrop("fd_write", descriptor, buffer, 1, result);
    }
  }

  /** Writes so many thousands of bytes. */
  public static byte[] bytes(int thousands) {
    WasmModule module = exiting().imports("fd_write", "iiii");
    int result = module.words(0);
    int buffer = module.words(module.data("x".repeat(1000)), 1000);
    int left = module.local();
    module.constant(thousands).set(left).loop();
    module.callAndDrop("fd_write", 1, buffer, 1, result);
    module.get(left).constant(1).subtract().set(left).get(left).branchIf(0).end();
    return module.constant(0).exit().build();
  }

  /** Writes its input until that ends, then a text, and ends with a code. */
  public static byte[] echo(String last, int code) {
    WasmModule module = exiting().imports("fd_write", "iiii").imports("fd_read", "iiii");
    int result = module.words(0);
    int place = module.data(new byte[4096]);
    int input = module.words(place, 4096);
    int output = module.words(place, 0);
    module.block().loop();
    module.callAndDrop("fd_read", 0, input, 1, result);
    module.load(result).equalZero().branchIf(1);
    module.constant(output + 4).load(result).store();
    module.callAndDrop("fd_write", 1, output, 1, result);
    module.branch(0).end().end();
    write(module, 1, last, result);
    return module.constant(code).exit().build();
  }

  /** Says a text, waits, and ends with a code; for ever if it waits for no time. */
  public static byte[] sleep(String first, long millis, int code) {
    WasmModule module = exiting().imports("fd_write", "iiii").imports("poll_oneoff", "iiii");
    int result = module.words(0);
    ByteBuffer subscription = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
    subscription.putInt(16, 1);
    subscription.putLong(24, millis == 0 ? 1L << 62 : millis * 1_000_000);
    int subscribed = module.data(subscription.array());
    int event = module.data(new byte[32]);
    write(module, 1, first, result);
    module.callAndDrop("poll_oneoff", subscribed, event, 1, result);
    return module.constant(code).exit().build();
  }

  /** Grows its memory page by page, and ends with a code when it gets no more. */
  public static byte[] allocate(int code) {
    WasmModule module = exiting();
    module.loop().constant(1).growMemory().constant(-1).equal().equalZero().branchIf(0).end();
    return module.constant(code).exit().build();
  }

  /** Grows its memory by pages, says whether it got them, and waits for ever. */
  public static byte[] hold(int pages) {
    WasmModule module = exiting().imports("fd_write", "iiii").imports("poll_oneoff", "iiii");
    int result = module.words(0);
    ByteBuffer subscription = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
    subscription.putInt(16, 1);
    subscription.putLong(24, 1L << 62);
    int subscribed = module.data(subscription.array());
    int event = module.data(new byte[32]);
    module.block().constant(pages).growMemory().constant(-1).equal().branchIf(0);
    write(module, 1, "grown\n", result);
    module.callAndDrop("poll_oneoff", subscribed, event, 1, result).end();
    return module.constant(1).exit().build();
  }

  /** Writes its arguments, each with a zero byte behind it. */
  public static byte[] arguments() {
    return list("args_sizes_get", "args_get");
  }

  /** Writes its environment, each variable with a zero byte behind it. */
  public static byte[] environment() {
    return list("environ_sizes_get", "environ_get");
  }

  private static byte[] list(String sizes, String get) {
    WasmModule module =
        exiting().imports("fd_write", "iiii").imports(sizes, "ii").imports(get, "ii");
    int result = module.words(0);
    int size = module.words(0, 0);
    int pointers = module.data(new byte[4096]);
    int place = module.data(new byte[16384]);
    int buffer = module.words(place, 0);
    module.callAndDrop(sizes, size, size + 4);
    module.callAndDrop(get, pointers, place);
    module.constant(buffer + 4).load(size + 4).store();
    module.callAndDrop("fd_write", 1, buffer, 1, result);
    return module.constant(0).exit().build();
  }

  /** Makes an empty file; ends with WASI's error number. */
  public static byte[] touch(String path) {
    WasmModule module = exiting().imports("path_open", "iiiiillii");
    open(module, path, CREATE, WRITE, module.words(0));
    return module.exit().build();
  }

  /** Writes a text into a file that it makes; ends with WASI's error number. */
  public static byte[] write(String path, String text) {
    WasmModule module = exiting().imports("path_open", "iiiiillii").imports("fd_write", "iiii");
    int result = module.words(0);
    int descriptor = module.words(0);
    int error = module.local();
    open(module, path, CREATE, WRITE, descriptor);
    module.set(error).block().get(error).branchIf(0);
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    int buffer = module.words(module.data(text), length);
    module.load(descriptor).constant(buffer).constant(1).constant(result);
    module.call("fd_write").set(error).end();
    return module.get(error).exit().build();
  }

  /** Writes the start of a file to its output; ends with WASI's error number. */
  public static byte[] read(String path) {
    WasmModule module =
        exiting()
            .imports("path_open", "iiiiillii")
            .imports("fd_read", "iiii")
            .imports("fd_write", "iiii");
    int descriptor = module.words(0);
    int result = module.words(0);
    int place = module.data(new byte[4096]);
    int input = module.words(place, 4096);
    int output = module.words(place, 0);
    int error = module.local();
    open(module, path, 0, READ, descriptor);
    module.set(error).block().get(error).branchIf(0);
    module.load(descriptor).constant(input).constant(1).constant(result);
    module.call("fd_read").set(error).get(error).branchIf(0);
    module.constant(output + 4).load(result).store();
    module.callAndDrop("fd_write", 1, output, 1, result).end();
    return module.get(error).exit().build();
  }

  /** Leaves the error number on the stack. */
  private static void open(
      WasmModule module, String path, int openFlags, long rights, int descriptor) {
    int length = path.getBytes(StandardCharsets.UTF_8).length;
    module.constant(ROOT).constant(1).constant(module.data(path)).constant(length);
    module.constant(openFlags).longConstant(rights).longConstant(0).constant(0);
    module.constant(descriptor).call("path_open");
  }

  /** Makes a directory; ends with WASI's error number. */
  public static byte[] makeDirectory(String path) {
    return onPath("path_create_directory", path);
  }

  /** Removes a file; ends with WASI's error number. */
  public static byte[] unlink(String path) {
    return onPath("path_unlink_file", path);
  }

  private static byte[] onPath(String function, String path) {
    WasmModule module = exiting().imports(function, "iii");
    int length = path.getBytes(StandardCharsets.UTF_8).length;
    module.constant(ROOT).constant(module.data(path)).constant(length).call(function);
    return module.exit().build();
  }

  /** Opens the root again and again; ends with WASI's error number. */
  public static byte[] openForEver() {
    WasmModule module = exiting().imports("path_open", "iiiiillii");
    int descriptor = module.words(0);
    int error = module.local();
    module.loop();
    open(module, ".", 0, 0, descriptor);
    module.set(error).get(error).equalZero().branchIf(0).end();
    return module.get(error).exit().build();
  }

  /** Reads into a buffer of two gigabytes that it does not have; ends with WASI's error number. */
  public static byte[] readIntoNowhere() {
    WasmModule module = exiting().imports("fd_read", "iiii");
    int result = module.words(0);
    int buffer = module.words(0, Integer.MAX_VALUE);
    module.constant(0).constant(buffer).constant(1).constant(result).call("fd_read");
    return module.exit().build();
  }
}
