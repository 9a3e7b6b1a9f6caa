package dev.carafe.engine.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.SandboxStore;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxStatus;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SandboxAddressesTest {
  private static final Namespace NAMESPACE = new Namespace("default");
  private static final RuntimeOptions OPTIONS = new RuntimeOptions(Map.of("root", "/r"));

  private static SandboxStatus status(String address, Instant exitedAt) {
    return new SandboxStatus(
        1, SandboxStatus.READY, Map.of(), Instant.EPOCH, exitedAt, null, address, 3);
  }

  /** Knows the sandbox {@code pod} of the controller {@code shim}. */
  private static SandboxAddresses addresses(SandboxStatus status) {
    SandboxStore sandboxes =
        fake(
            SandboxStore.class,
            (self, method, arguments) -> {
              if (!"pod".equals(arguments[0])) {
                throw new NotFoundException("sandbox");
              }
              return new Sandbox(
                  "pod",
                  Sandbox.Runtime.NONE,
                  null,
                  Map.of(),
                  Map.of(),
                  Instant.EPOCH,
                  Instant.EPOCH,
                  "shim");
            });
    Stores stores = fake(Stores.class, (self, method, arguments) -> sandboxes);
    SandboxController controller =
        fake(SandboxController.class, (self, method, arguments) -> status);
    return new SandboxAddresses(
        fake(Metadata.class, (self, method, arguments) -> stores), Map.of("shim", controller));
  }

  private static <T> T fake(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static RuntimeHandlers.Resolved shim(RuntimeOptions options) {
    return new RuntimeHandlers.Resolved(
        "shim", fake(TaskRuntime.class, (s, m, a) -> null), options);
  }

  private static Container container(String sandbox) {
    return new Container(
        "c",
        Map.of(),
        "",
        new Container.Runtime("r", null),
        null,
        "",
        "",
        Map.of(),
        sandbox,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  @Test
  void aContainerOfASandboxWithAShimRunsThere() {
    // When
    RuntimeOptions options =
        addresses(status("ttrpc+unix:///s", null))
            .options(NAMESPACE, container("pod"), shim(OPTIONS));

    // Then
    assertEquals(
        Map.of("root", "/r", "task_api_address", "ttrpc+unix:///s", "task_api_version", 3L),
        options.values());
  }

  @Test
  void otherContainersAndSandboxesWithoutAShimChangeNothing() {
    SandboxAddresses addresses = addresses(status("", null));
    for (String sandbox : new String[] {"", "pod", "a client's own group"}) {
      assertSame(OPTIONS, addresses.options(NAMESPACE, container(sandbox), shim(OPTIONS)), sandbox);
    }
  }

  @Test
  void aRuntimeThatIsNoShimIsNotToldOfOne() {
    var oci =
        new RuntimeHandlers.Resolved("oci", fake(TaskRuntime.class, (s, m, a) -> null), OPTIONS);
    assertSame(
        OPTIONS, addresses(status("unix:///s", null)).options(NAMESPACE, container("pod"), oci));
  }

  @Test
  void whatTheClientSaysWins() {
    RuntimeOptions own = new RuntimeOptions(Map.of("task_api_address", "unix:///mine"));
    assertSame(
        own, addresses(status("unix:///s", null)).options(NAMESPACE, container("pod"), shim(own)));
  }

  @Test
  void nothingRunsInASandboxThatHasEnded() {
    SandboxAddresses addresses = addresses(status("unix:///s", Instant.EPOCH));
    assertThrows(
        FailedPreconditionException.class,
        () -> addresses.options(NAMESPACE, container("pod"), shim(OPTIONS)));
  }
}
