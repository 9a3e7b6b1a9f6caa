package dev.carafe.integration;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a {@link Lab}. After the test all of its containers are removed through the API,
 * the daemons are stopped, and what is still there then is a leak, which fails the test: mounts,
 * cgroups, processes, descriptors of the daemon, temporary files, sockets. Prints the daemons' logs
 * if the test failed.
 */
final class LeakCheck implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    lab(context);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Lab.class;
  }

  @Override
  public Lab resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return lab(context);
  }

  private static Lab lab(ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(Lab.class, ignored -> new Lab(), Lab.class);
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    Lab lab = context.getStore(NAMESPACE).remove(Lab.class, Lab.class);
    if (lab == null) {
      return;
    }
    List<String> leaks = new ArrayList<>();
    try {
      lab.closeResources();
    } catch (Exception | AssertionError e) {
      leaks.add("closing: " + e);
    }
    List<TestDaemon> running = lab.daemons().stream().filter(TestDaemon::alive).toList();
    for (TestDaemon daemon : running) {
      collect(leaks, daemon, () -> Cleaning.removeContainers(daemon));
    }
    for (TestDaemon daemon : running) {
      collect(leaks, daemon, () -> leaks.addAll(Leaks.atRest(lab, daemon)));
    }
    for (TestDaemon daemon : running) {
      collect(leaks, daemon, daemon::stop);
      if (daemon.alive()) {
        daemon.kill();
      }
    }
    leaks.addAll(Leaks.afterStop(lab));
    if (!leaks.isEmpty() || context.getExecutionException().isPresent()) {
      for (TestDaemon daemon : lab.daemons()) {
        System.out.println(
            context.getDisplayName() + ": log of daemon " + daemon + ":\n" + daemon.log());
      }
    }
    Cleaning.removeRest(lab);
    if (!leaks.isEmpty()) {
      throw new AssertionError("left behind: " + String.join("; ", leaks));
    }
  }

  private static void collect(List<String> leaks, TestDaemon daemon, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | AssertionError e) {
      leaks.add(daemon + ": " + e);
    }
  }
}
