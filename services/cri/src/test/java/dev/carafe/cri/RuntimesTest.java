package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.resources.PossibleLimits;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who keeps a handler's containers apart is what its runtime says, its own table included. */
class RuntimesTest {
  private static final PossibleLimits MACHINE = new PossibleLimits(true, true, false);

  /** Says {@code own} where a handler's options say nothing. */
  private static TaskRuntime runtime(String own) {
    return stub(
        TaskRuntime.class,
        Map.of(
            "resourceManager",
            arguments -> {
              String named = ((RuntimeOptions) arguments[0]).text("resource_manager");
              return named.isEmpty() ? own : named;
            }));
  }

  private static ResourceManager manager(boolean systemd) {
    return stub(ResourceManager.class, Map.of("systemd", _ -> systemd, "possible", _ -> MACHINE));
  }

  private interface Answer {
    Object to(Object[] arguments);
  }

  private static <T> T stub(Class<T> contract, Map<String, Answer> answers) {
    return contract.cast(
        Proxy.newProxyInstance(
            contract.getClassLoader(),
            new Class<?>[] {contract},
            (_, method, arguments) -> {
              Answer answer = answers.get(method.getName());
              if (answer == null) {
                throw new AssertionError(method);
              }
              return answer.to(arguments == null ? new Object[0] : arguments);
            }));
  }

  private static Runtimes runtimes(String own) {
    return new Runtimes(
        new RuntimeHandlers(
            Map.of("oci", runtime(own)),
            Map.of(
                "other",
                new RuntimeHandlers.Handler(
                    "oci", new RuntimeOptions(Map.of("resource_manager", "cgroupfs"))),
                "lost",
                new RuntimeHandlers.Handler(
                    "oci", new RuntimeOptions(Map.of("resource_manager", "gone"))))),
        Map.of("systemd", manager(true), "cgroupfs", manager(false)),
        () -> false,
        List::of,
        CriConfig.DEFAULT);
  }

  @Test
  void theRuntimesOwnTableCountsWhereTheHandlerSaysNothing() {
    assertTrue(runtimes("systemd").systemd(""));
    assertTrue(runtimes("systemd").systemd("runc"));
    assertFalse(runtimes("cgroupfs").systemd(""));
  }

  @Test
  void theHandlersOptionsWin() {
    assertFalse(runtimes("systemd").systemd("other"));
  }

  @Test
  void whatIsShownOfAHandlerThatCannotRunIsNotAFailure() {
    assertFalse(runtimes("systemd").systemd("unknown"));
    assertFalse(runtimes("systemd").systemd("lost"));
  }

  @Test
  void aContainerWithoutItsManagerIsRefusedByName() {
    // When
    var failure =
        assertThrows(
            FailedPreconditionException.class, () -> runtimes("systemd").resources("lost"));

    // Then
    assertTrue(failure.getMessage().contains("\"gone\""), failure.getMessage());
    assertThrows(InvalidArgumentException.class, () -> runtimes("systemd").resources("unknown"));
  }

  @Test
  void limitsAreTheMachines() {
    assertEquals(MACHINE, runtimes("gone").possible());
  }
}
