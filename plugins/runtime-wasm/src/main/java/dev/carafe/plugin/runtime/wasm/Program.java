package dev.carafe.plugin.runtime.wasm;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.Import;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.dylibso.chicory.wasm.types.Table;
import com.dylibso.chicory.wasm.types.TableLimits;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.mounts.RootFileSystems.Found;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A module that can be run: read, valid, and asking for nothing but WASI preview 1.
 *
 * @param function the exported one to call
 * @param memoryBytes what its linear memory has at the start
 * @param mostMemoryBytes what it may grow to by its own word
 */
record Program(WasmModule module, String function, long memoryBytes, long mostMemoryBytes) {
  static final String WASI = "wasi_snapshot_preview1";

  private static final long PAGE = 65_536;
  private static final long MOST_TABLE_ENTRIES = 1 << 20;

  /** Where to look for the module: its name, and after a {@code #} the function to call. */
  static Program load(RootFileSystems roots, Path root, TaskSpec spec, long mostBytes) {
    String name = spec.args().getFirst();
    int hash = name.lastIndexOf('#');
    String file = hash < 0 ? name : name.substring(0, hash);
    String function = hash < 0 ? "_start" : name.substring(hash + 1);
    byte[] bytes = read(roots, root, file, spec, mostBytes);
    if (bytes.length < 4
        || bytes[0] != 0
        || bytes[1] != 'a'
        || bytes[2] != 's'
        || bytes[3] != 'm') {
      throw new InvalidArgumentException(
          "exec: \"" + file + "\": exec format error: is no WebAssembly module");
    }
    try {
      WasmModule module = Parser.parse(bytes);
      check(file, module, function);
      Optional<MemoryLimits> memory = memory(module);
      return new Program(
          module,
          function,
          memory.map(limits -> limits.initialPages() * PAGE).orElse(0L),
          memory.map(limits -> limits.maximumPages() * PAGE).orElse(0L));
    } catch (ChicoryException | IndexOutOfBoundsException e) {
      throw new InvalidArgumentException(
          "exec: \"" + file + "\": exec format error: " + e.getMessage(), e);
    }
  }

  private static byte[] read(
      RootFileSystems roots, Path root, String file, TaskSpec spec, long mostBytes) {
    for (String place : places(file, spec)) {
      try (Found found = roots.find(root, place, true)) {
        if (!Files.isRegularFile(found.path())) {
          throw new InvalidArgumentException("exec: \"" + file + "\": permission denied: no file");
        }
        return read(file, found.path(), mostBytes);
      } catch (NotFoundException _) {
        // The next place.
      }
    }
    throw new NotFoundException("exec: \"" + file + "\": executable file not found in the image");
  }

  private static byte[] read(String file, Path path, long mostBytes) {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes((int) mostBytes + 1);
      if (bytes.length > mostBytes) {
        throw new FailedPreconditionException(
            "exec: \"" + file + "\": is larger than " + mostBytes + " bytes (module_mib)");
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException("exec: \"" + file + "\": " + e.getMessage(), e);
    }
  }

  /** A name with a slash is one file; else it is looked for in the directory, then in PATH. */
  private static List<String> places(String file, TaskSpec spec) {
    if (file.startsWith("/")) {
      return List.of(file);
    }
    List<String> places = new ArrayList<>();
    places.add(spec.directory() + "/" + file);
    if (!file.contains("/")) {
      for (String directory : spec.environment().getOrDefault("PATH", "").split(":", 32)) {
        places.add(directory + "/" + file);
      }
    }
    places.add("/" + file);
    return places;
  }

  private static void check(String file, WasmModule module, String function) {
    module.importSection().stream().forEach(wanted -> checkImport(file, wanted));
    long tables = 0;
    for (int i = 0; i < module.tableSection().tableCount(); i++) {
      tables += module.tableSection().getTable(i).limits().min();
    }
    int memories = module.memorySection().map(section -> section.memoryCount()).orElse(0);
    if (tables > MOST_TABLE_ENTRIES || memories > 1) {
      throw new InvalidArgumentException(
          "exec: \"" + file + "\": " + tables + " table entries, " + memories + " memories");
    }
    if (!exports(module, function)) {
      throw new InvalidArgumentException(
          "exec: \"" + file + "\": exports no function \"" + function + "\"");
    }
  }

  private static Optional<MemoryLimits> memory(WasmModule module) {
    return module
        .memorySection()
        .filter(section -> section.memoryCount() > 0)
        .map(section -> section.getMemory(0).limits());
  }

  private static void checkImport(String file, Import wanted) {
    if (!wanted.module().equals(WASI) || wanted.importType() != ExternalType.FUNCTION) {
      throw new InvalidArgumentException(
          "exec: \""
              + file
              + "\": imports \""
              + wanted.module()
              + "\" \""
              + wanted.name()
              + "\", which is not of WASI preview 1");
    }
  }

  private static boolean exports(WasmModule module, String function) {
    for (int i = 0; i < module.exportSection().exportCount(); i++) {
      Export export = module.exportSection().getExport(i);
      if (export.exportType() == ExternalType.FUNCTION && export.name().equals(function)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Runs to the end.
   *
   * @param mostMemory bytes of linear memory; growing beyond fails as WebAssembly says
   * @param begun told of the instance before its first instruction
   */
  void run(HostFunction[] functions, long mostMemory, boolean compile, Consumer<Instance> begun) {
    var builder =
        Instance.builder(module)
            .withImportValues(ImportValues.builder().addFunction(functions).build())
            .withInitialize(true)
            .withStart(false)
            .withMemoryFactory(limits -> new ByteArrayMemory(atMost(limits, mostMemory)))
            .withTableFactory((table, value) -> new TableInstance(bounded(table), value));
    if (compile) {
      builder.withMachineFactory(
          MachineFactoryCompiler.builder(module)
              .withInterpreterFallback(InterpreterFallback.SILENT)
              .compile());
    }
    Instance instance = builder.build();
    begun.accept(instance);
    instance.export(function).apply();
  }

  private static MemoryLimits atMost(MemoryLimits limits, long bytes) {
    int pages = (int) Math.min(MemoryLimits.MAX_PAGES, bytes / PAGE);
    return new MemoryLimits(
        limits.initialPages(), Math.min(limits.maximumPages(), pages), limits.shared());
  }

  private static Table bounded(Table table) {
    TableLimits limits = table.limits();
    return new Table(
        table.elementType(),
        new TableLimits(limits.min(), Math.min(limits.max(), MOST_TABLE_ENTRIES)),
        table.initialize());
  }
}
