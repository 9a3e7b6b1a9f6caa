package dev.carafe.testkit.runtimes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A root file system with a WebAssembly module for each program. */
public final class WasmPrograms implements TestPrograms {
  /** What {@link #allocate} ends with where memory is refused. */
  public static final int NO_MEMORY = 42;

  private final Path image;
  private int count;

  /** Fills an empty directory. */
  public WasmPrograms(Path image) throws IOException {
    this.image = image;
    for (String name : List.of("bin", "etc", "data", "tmp")) {
      Files.createDirectory(image.resolve(name));
    }
    Files.writeString(image.resolve("etc/noexec"), "not a program\n");
  }

  /** Puts a module into the image. */
  public List<String> add(byte[] module) throws IOException {
    String name = "program" + ++count + ".wasm";
    Files.write(image.resolve("bin").resolve(name), module);
    return List.of(name);
  }

  @Override
  public List<String> exit(int code) throws IOException {
    return add(WasmModules.exit(code));
  }

  @Override
  public List<String> sleep() throws IOException {
    return add(WasmModules.sleep("", 0, 0));
  }

  @Override
  public List<String> print(String out, String err) throws IOException {
    return add(WasmModules.print(out, err, 0));
  }

  @Override
  public List<String> bytes(int thousands) throws IOException {
    return add(WasmModules.bytes(thousands));
  }

  @Override
  public List<String> echo(String last, int code) throws IOException {
    return add(WasmModules.echo(last, code));
  }

  @Override
  public List<String> touch(String path) throws IOException {
    return add(WasmModules.touch(path.startsWith("/") ? path.substring(1) : path));
  }

  @Override
  public List<String> allocate() throws IOException {
    return add(WasmModules.allocate(NO_MEMORY));
  }

  @Override
  public List<String> spin() throws IOException {
    return add(WasmModules.spin("begun\n"));
  }
}
