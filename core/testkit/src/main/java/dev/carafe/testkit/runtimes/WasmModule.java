package dev.carafe.testkit.runtimes;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes WebAssembly modules, byte by byte as the specification says: one page of memory with data
 * at its start, imports of WASI preview 1, and one function {@code _start} without parameters or
 * results whose locals are all {@code i32}.
 */
final class WasmModule {
  private static final int I32 = 0x7f;
  private static final int I64 = 0x7e;

  private final Map<String, Integer> imports = new LinkedHashMap<>();
  private final List<byte[]> types = new ArrayList<>();
  private final ByteArrayOutputStream code = new ByteArrayOutputStream();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private String importModule = "wasi_snapshot_preview1";
  private int locals;

  /**
   * Imports a function of WASI; to be done before the first instruction.
   *
   * @param parameters a letter for each, {@code i} or {@code l}; its result is an {@code i32},
   *     unless it is {@code proc_exit}
   */
  WasmModule imports(String name, String parameters) {
    var type = new ByteArrayOutputStream();
    type.write(0x60);
    type.writeBytes(unsigned(parameters.length()));
    parameters.chars().forEach(letter -> type.write(letter == 'l' ? I64 : I32));
    if (name.equals("proc_exit")) {
      type.write(0);
    } else {
      type.write(1);
      type.write(I32);
    }
    imports.put(name, imports.size());
    types.add(type.toByteArray());
    return this;
  }

  /** Imports come from another module than WASI's. */
  WasmModule importsFrom(String module) {
    importModule = module;
    return this;
  }

  /** Adds a local and gives its number. */
  int local() {
    return locals++;
  }

  /** Puts bytes into memory, at an address that is a multiple of eight, which it gives. */
  int data(byte[] bytes) {
    int at = data.size();
    data.writeBytes(bytes);
    while (data.size() % 8 != 0) {
      data.write(0);
    }
    return at;
  }

  int data(String text) {
    return data(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Puts numbers of 32 bits into memory. */
  int words(int... words) {
    var bytes = new byte[words.length * 4];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (words[i / 4] >>> 8 * (i % 4));
    }
    return data(bytes);
  }

  WasmModule constant(int value) {
    return op(0x41).bytes(signed(value));
  }

  WasmModule longConstant(long value) {
    return op(0x42).bytes(signed(value));
  }

  WasmModule call(String imported) {
    Integer index = imports.get(imported);
    if (index == null) {
      throw new IllegalArgumentException(imported);
    }
    return op(0x10).bytes(unsigned(index));
  }

  /** Calls with constants, and drops the result. */
  WasmModule callAndDrop(String imported, int... arguments) {
    for (int argument : arguments) {
      constant(argument);
    }
    return call(imported).op(0x1a);
  }

  WasmModule load(int address) {
    return constant(address).op(0x28).bytes(new byte[] {2, 0});
  }

  /** Stores what is on top of the stack; the address is below it. */
  WasmModule store() {
    return op(0x36).bytes(new byte[] {2, 0});
  }

  WasmModule get(int local) {
    return op(0x20).bytes(unsigned(local));
  }

  WasmModule set(int local) {
    return op(0x21).bytes(unsigned(local));
  }

  WasmModule block() {
    return op(0x02).op(0x40);
  }

  WasmModule loop() {
    return op(0x03).op(0x40);
  }

  WasmModule end() {
    return op(0x0b);
  }

  WasmModule branch(int depth) {
    return op(0x0c).bytes(unsigned(depth));
  }

  WasmModule branchIf(int depth) {
    return op(0x0d).bytes(unsigned(depth));
  }

  WasmModule growMemory() {
    return op(0x40).op(0);
  }

  WasmModule equalZero() {
    return op(0x45);
  }

  WasmModule equal() {
    return op(0x46);
  }

  WasmModule add() {
    return op(0x6a);
  }

  WasmModule subtract() {
    return op(0x6b);
  }

  WasmModule trap() {
    return op(0x00);
  }

  /** Ends the program with what is on top of the stack. */
  WasmModule exit() {
    return call("proc_exit");
  }

  private WasmModule op(int code) {
    this.code.write(code);
    return this;
  }

  private WasmModule bytes(byte[] bytes) {
    code.writeBytes(bytes);
    return this;
  }

  /** The module. */
  byte[] build() {
    var module = new ByteArrayOutputStream();
    module.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    List<byte[]> allTypes = new ArrayList<>(types);
    allTypes.add(new byte[] {0x60, 0, 0});
    section(module, 1, vector(allTypes));
    List<byte[]> allImports = new ArrayList<>();
    imports.forEach((name, index) ->
        allImports.add(join(text(importModule), text(name), new byte[] {0}, unsigned(index))));
    section(module, 2, vector(allImports));
    section(module, 3, vector(List.of(unsigned(imports.size()))));
    section(module, 5, vector(List.of(new byte[] {0, 1})));
    section(
        module,
        7,
        vector(
            List.of(
                join(text("memory"), new byte[] {2, 0}),
                join(text("_start"), new byte[] {0}, unsigned(imports.size())))));
    byte[] localTypes =
        locals == 0 ? new byte[] {0} : join(new byte[] {1}, unsigned(locals), new byte[] {I32});
    byte[] body = join(localTypes, code.toByteArray(), new byte[] {0x0b});
    section(module, 10, vector(List.of(join(unsigned(body.length), body))));
    byte[] segment = join(new byte[] {0, 0x41, 0, 0x0b}, unsigned(data.size()), data.toByteArray());
    section(module, 11, vector(List.of(segment)));
    return module.toByteArray();
  }

  private static void section(ByteArrayOutputStream module, int id, byte[] content) {
    module.write(id);
    module.writeBytes(unsigned(content.length));
    module.writeBytes(content);
  }

  private static byte[] vector(List<byte[]> items) {
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(unsigned(items.size()));
    items.forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  private static byte[] text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return join(unsigned(bytes.length), bytes);
  }

  private static byte[] join(byte[]... parts) {
    var bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }

  /** LEB128. */
  private static byte[] unsigned(int value) {
    var bytes = new ByteArrayOutputStream();
    int rest = value;
    do {
      int low = rest & 0x7f;
      rest >>>= 7;
      bytes.write(rest == 0 ? low : low | 0x80);
    } while (rest != 0);
    return bytes.toByteArray();
  }

  private static byte[] signed(long value) {
    var bytes = new ByteArrayOutputStream();
    long rest = value;
    while (true) {
      int low = (int) rest & 0x7f;
      rest >>= 7;
      boolean done = rest == 0 && (low & 0x40) == 0 || rest == -1 && (low & 0x40) != 0;
      bytes.write(done ? low : low | 0x80);
      if (done) {
        return bytes.toByteArray();
      }
    }
  }
}
