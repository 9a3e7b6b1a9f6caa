package dev.carafe.engine.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RuntimeHandlersTest {
  private static final String RUNC_V2 = "io.containerd.runc.v2";

  /** A runtime of which only that it is installed, or not, is asked. */
  private static TaskRuntime runtime(boolean installed) {
    InvocationHandler handler =
        (self, method, arguments) -> {
          if (method.getName().equals("isInstalled")) {
            return installed;
          }
          throw new AssertionError(method);
        };
    return (TaskRuntime)
        Proxy.newProxyInstance(
            TaskRuntime.class.getClassLoader(), new Class<?>[] {TaskRuntime.class}, handler);
  }

  private static RuntimeHandlers handlers(
      boolean shimInstalled, Map<String, RuntimeHandlers.Handler> configured) {
    return new RuntimeHandlers(
        Map.of("oci", runtime(true), "shim", runtime(shimInstalled)), configured);
  }

  private static RuntimeHandlers.Resolved resolve(RuntimeHandlers handlers, String name) {
    return handlers.resolve(name, RuntimeOptions.NONE);
  }

  @Test
  void runcIsTheCommandLineRuntimeAlways() {
    for (boolean installed : new boolean[] {true, false}) {
      RuntimeHandlers handlers = handlers(installed, Map.of());
      for (String name : List.of("", "runc")) {
        RuntimeHandlers.Resolved resolved = resolve(handlers, name);
        assertEquals("oci", resolved.plugin());
        assertEquals("runc", resolved.options().text("binary_name"));
      }
    }
  }

  @Test
  void whatIsTrustedTakesTheDefaultPathWhateverTheTableSays() {
    // Given
    var elsewhere = new RuntimeHandlers.Handler("shim", new RuntimeOptions(Map.of("shim", "x")));
    RuntimeHandlers handlers = handlers(true, Map.of("runc", elsewhere, "other", elsewhere));

    // Then
    for (String name : List.of("", "runc")) {
      RuntimeHandlers.Resolved resolved = resolve(handlers, name);
      assertEquals("oci", resolved.plugin());
      assertEquals(Map.of("binary_name", "runc"), resolved.options().values());
    }
    assertEquals("shim", resolve(handlers, "other").plugin());
  }

  @Test
  void containerdsNameIsTheShimWhereItIsInstalled() {
    for (String name :
        List.of(RUNC_V2, "io.containerd.runc.v1", "io.containerd.runtime.v1.linux")) {
      RuntimeHandlers.Resolved shim = resolve(handlers(true, Map.of()), name);
      assertEquals("shim", shim.plugin());
      assertEquals(RUNC_V2, shim.options().text("shim"));
      assertEquals("oci", resolve(handlers(false, Map.of()), name).plugin());
    }
  }

  @Test
  void withoutTheShimPluginItIsTheCommandLineRuntime() {
    RuntimeHandlers handlers = new RuntimeHandlers(Map.of("oci", runtime(true)), Map.of());
    assertEquals("oci", resolve(handlers, RUNC_V2).plugin());
    assertThrows(NotFoundException.class, () -> resolve(handlers, "io.containerd.kata.v2"));
  }

  @Test
  void whatIsConfiguredWins() {
    var handler = new RuntimeHandlers.Handler("oci", new RuntimeOptions(Map.of("root", "/r")));
    RuntimeHandlers.Resolved resolved = resolve(handlers(true, Map.of(RUNC_V2, handler)), RUNC_V2);
    assertEquals("oci", resolved.plugin());
    assertEquals("/r", resolved.options().text("root"));
  }

  @Test
  void namesAndPathsOfOtherShimsAreTheShimPlugins() {
    RuntimeHandlers handlers = handlers(false, Map.of());
    for (String name : List.of("io.containerd.kata.v2", "/opt/bin/containerd-shim-x-v1")) {
      RuntimeHandlers.Resolved resolved = resolve(handlers, name);
      assertEquals("shim", resolved.plugin());
      assertEquals(name, resolved.options().text("shim"));
    }
    for (String name : List.of("crun", "a.b", "../x.y.z", "relative/path")) {
      assertThrows(NotFoundException.class, () -> resolve(handlers, name), name);
    }
  }

  @Test
  void aClientsOptionsAreOverlaidAndKeptAsTheyCame() {
    var original = new RuntimeOptions.Original("t", new byte[] {1});
    Map<String, Object> values = new HashMap<>(Map.of("binary_name", "/mine"));
    RuntimeHandlers.Resolved resolved =
        handlers(true, Map.of()).resolve("runc", new RuntimeOptions(values, original));
    assertEquals("/mine", resolved.options().text("binary_name"));
    assertSame(original, resolved.options().original());
  }
}
