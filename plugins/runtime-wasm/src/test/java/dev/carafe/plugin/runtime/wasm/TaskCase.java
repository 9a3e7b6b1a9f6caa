package dev.carafe.plugin.runtime.wasm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.testkit.runtimes.WasmPrograms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** One runtime, one image, and tasks in it. */
abstract class TaskCase {
  static final ProcessId INIT = ProcessId.INIT;

  RuntimeSandbox sandbox;
  WasmPrograms programs;
  WasmRuntime runtime;

  @BeforeEach
  void begin() throws Exception {
    sandbox = new RuntimeSandbox(WasmPrograms::new);
    programs = (WasmPrograms) sandbox.programs();
    runtime = TestRuntimes.open(config());
  }

  WasmConfig config() {
    return TestRuntimes.COMPILED;
  }

  @AfterEach
  void end() throws Exception {
    runtime.close();
    sandbox.close();
  }

  CreateTask request(Stdio stdio, Consumer<ObjectNode> change, List<String> args) throws Exception {
    return sandbox.request(
        "a",
        stdio,
        RuntimeOptions.NONE,
        spec -> {
          ((ObjectNode) spec.path("process")).put("cwd", "/bin");
          change.accept(spec);
        },
        args.toArray(String[]::new));
  }

  /** What a task wrote to both of its outputs, and how it ended. */
  record Outcome(int code, String output) {}

  Outcome run(Consumer<ObjectNode> change, List<String> args) throws Exception {
    Path output = sandbox.directory().resolve("output");
    Files.deleteIfExists(output);
    String uri = "file://" + output;
    RuntimeState state = runtime.create(request(new Stdio("", uri, uri, false), change, args));
    runtime.start(state, INIT);
    ExitStatus exit = RuntimeSandbox.await(runtime, state, INIT);
    assertEquals(exit, runtime.delete(state, INIT).exit());
    return new Outcome(exit.code(), Files.readString(output));
  }

  Outcome run(byte[] module) throws Exception {
    return run(spec -> {}, programs.add(module));
  }

  /** An operator's directory that is bound into a task. */
  static Consumer<ObjectNode> bind(Path source, String destination, String... options) {
    return spec -> {
      ObjectNode mount = spec.withArray("mounts").addObject();
      mount.put("destination", destination).put("type", "bind").put("source", source.toString());
      for (String option : options) {
        mount.withArray("options").add(option);
      }
    };
  }
}
