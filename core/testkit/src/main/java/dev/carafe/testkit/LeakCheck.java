package dev.carafe.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a {@link WorkDirectory} as a parameter, and fails the test, whatever it did, if
 * it leaves behind a mount or an open file below that directory, or a new thread that would keep
 * the process alive. Prints the directory's tree if the test failed.
 *
 * <p>Use it on any class: {@code @ExtendWith(LeakCheck.class)}.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int PRINTED = 200;
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  @Override
  public void beforeEach(ExtensionContext context) {
    if (state(context) == null) {
      context.getStore(NAMESPACE).put(State.class, new State(newDirectory(), threads()));
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == WorkDirectory.class;
  }

  @Override
  public WorkDirectory resolveParameter(ParameterContext parameter, ExtensionContext context) {
    State state = state(context);
    if (state == null) {
      throw new IllegalStateException("a WorkDirectory belongs to one test, not to a class");
    }
    return state.work;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    State state = context.getStore(NAMESPACE).remove(State.class, State.class);
    if (state == null) {
      return;
    }
    Path path = state.work.path();
    List<String> leaks = new ArrayList<>();
    try {
      state.work.closeAll();
    } catch (Exception e) {
      leaks.add("closing: " + e);
    }
    try {
      openFiles(path).forEach(file -> leaks.add("open file: " + file));
      List<String> mounts = mounts(path);
      mounts.forEach(mount -> leaks.add("mount: " + mount));
      lingering(state.threads).forEach(thread -> leaks.add("thread: " + thread));
      if (!leaks.isEmpty() || context.getExecutionException().isPresent()) {
        System.out.println(context.getDisplayName() + " left behind:\n" + tree(path));
      }
      for (String mount : mounts.reversed()) {
        new ProcessBuilder("umount", "--lazy", mount).inheritIO().start().waitFor();
      }
    } finally {
      // What is still mounted there may be anybody's files.
      if (mounts(path).isEmpty()) {
        Trees.delete(path);
      }
    }
    if (!leaks.isEmpty()) {
      throw new AssertionError("left behind: " + String.join("; ", leaks));
    }
  }

  private static State state(ExtensionContext context) {
    return context.getStore(NAMESPACE).get(State.class, State.class);
  }

  private static WorkDirectory newDirectory() {
    try {
      return new WorkDirectory(Files.createTempDirectory("carafe-testkit-").toRealPath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Mount points below {@code path}, in the order of mounting (proc(5), mountinfo). */
  private static List<String> mounts(Path path) throws IOException {
    try (Stream<String> lines = Files.lines(MOUNTS, StandardCharsets.ISO_8859_1)) {
      return lines
          .map(line -> line.split(" ", 6)[4])
          .filter(mount -> mount.startsWith(path.toString()))
          .toList();
    }
  }

  private static List<String> openFiles(Path path) throws IOException {
    List<String> open = new ArrayList<>();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        try {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (target.startsWith(path.toString())) {
            open.add(target);
          }
        } catch (IOException e) {
          // Closed since it was listed.
        }
      }
    }
    return open;
  }

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet();
  }

  private static List<String> lingering(Set<Thread> before) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    List<String> lingering = new ArrayList<>();
    for (Thread thread : threads()) {
      // JUnit begins to watch a class's timeouts in the first of its tests.
      boolean junits = thread.getName().startsWith("junit-");
      if (before.contains(thread) || thread.isDaemon() || junits) {
        continue;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || !thread.join(Duration.ofNanos(left))) {
        lingering.add(thread.getName());
      }
    }
    return lingering;
  }

  private static String tree(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      return files
          .limit(PRINTED)
          .map(file -> path.relativize(file).toString())
          .collect(Collectors.joining("\n", path + "\n", ""));
    } catch (UncheckedIOException e) {
      return path + " cannot be listed: " + e.getMessage();
    }
  }

  private record State(WorkDirectory work, Set<Thread> threads) {}
}
