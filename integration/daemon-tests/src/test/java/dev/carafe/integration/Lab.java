package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one test has to itself: a work directory, a namespace with the cgroups of its name, daemons.
 * {@link LeakCheck} hands it to the test and tidies up after it.
 */
final class Lab {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Path work;
  private final String namespace;
  private final List<TestDaemon> daemons = new ArrayList<>();
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  Lab() {
    this.namespace = "it" + ProcessHandle.current().pid() + "x" + COUNT.incrementAndGet();
    try {
      this.work = Files.createTempDirectory("carafe-it-").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An absolute path without symbolic links; goes with the test. */
  Path work() {
    return work;
  }

  /** A fresh directory below {@link #work}. */
  Path directory(String name) {
    try {
      return Files.createDirectories(work.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The test's namespace; all others that it uses must begin with it. */
  String namespace() {
    return namespace;
  }

  /** A daemon that is not started yet. */
  TestDaemon newDaemon() {
    TestDaemon daemon = new TestDaemon(work.resolve("d" + daemons.size()), namespace);
    daemons.add(daemon);
    return daemon;
  }

  /** A daemon that serves. */
  TestDaemon daemon() {
    return newDaemon().start();
  }

  /** A daemon that serves, with this configuration. */
  TestDaemon daemon(String toml) {
    return newDaemon().config(toml).start();
  }

  /** A daemon that serves and has the busybox image. */
  TestDaemon daemonWithBusybox() {
    TestDaemon daemon = daemon();
    daemon.carafe().ok("pull", "--quiet", ImageStock.busybox().name());
    return daemon;
  }

  List<TestDaemon> daemons() {
    return daemons;
  }

  /** Closes a resource after the test, before leaks are looked for; the last one first. */
  <T extends AutoCloseable> T closeLater(T resource) {
    resources.push(resource);
    return resource;
  }

  void closeResources() throws Exception {
    for (AutoCloseable resource = resources.poll(); resource != null; resource = resources.poll()) {
      resource.close();
    }
  }
}
