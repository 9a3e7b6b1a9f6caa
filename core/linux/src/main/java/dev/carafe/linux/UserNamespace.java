package dev.carafe.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Makes user namespaces. A process with threads cannot enter one, so util-linux's {@code unshare}
 * does; it lives until the namespaces are held by something else, and no longer than this process.
 */
public final class UserNamespace {
  private static final String UNSHARE = "/usr/bin/unshare";
  private static final String WAITER = "/bin/cat";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Path OWN = Path.of("/proc/self/ns/user");

  private UserNamespace() {}

  /**
   * A namespace with nothing but its mapping, as mount_setattr(2) wants one.
   *
   * @throws ErrnoException if the kernel does not make it
   */
  static Fd open(IdMapping ids) {
    return inNew(
        ids, 0, namespaces -> PathCalls.open(namespaces.resolve("user"), OpenFlags.RDONLY, 0));
  }

  /**
   * Makes a user namespace and others that it owns.
   *
   * @param others flags of {@link Namespaces}: {@code NEWNET}, {@code NEWIPC}, {@code NEWUTS}
   * @param with gets the directory below {@code /proc} that has their files, which is there until
   *     it returns
   * @throws ErrnoException if the kernel does not make them
   */
  public static <T> T inNew(IdMapping ids, int others, Function<Path, T> with) {
    try (Descriptors.Pair pipe = Descriptors.pipe2(0)) {
      // It reads until the other end is closed, be it because this process is no more.
      try (Spawned helper =
          Spawn.of(UNSHARE)
              .arguments(arguments(others))
              .descriptor(0, pipe.first())
              .newSession()
              .start()) {
        try {
          Path process = Path.of("/proc", Long.toString(helper.pid()));
          awaitEntered(helper, process.resolve("ns/user"));
          write(process.resolve("uid_map"), ids.uids());
          write(process.resolve("gid_map"), ids.gids());
          return with.apply(process.resolve("ns"));
        } finally {
          ProcessCalls.pidfdSendSignal(helper.pidfd(), Signals.SIGKILL);
          ProcessCalls.waitFor(helper.pidfd());
        }
      }
    }
  }

  private static List<String> arguments(int others) {
    List<String> arguments = new ArrayList<>(List.of("--user"));
    if ((others & Namespaces.NEWNET) != 0) {
      arguments.add("--net");
    }
    if ((others & Namespaces.NEWIPC) != 0) {
      arguments.add("--ipc");
    }
    if ((others & Namespaces.NEWUTS) != 0) {
      arguments.add("--uts");
    }
    arguments.add(WAITER);
    return arguments;
  }

  private static void awaitEntered(Spawned helper, Path namespace) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      Path own = Files.readSymbolicLink(OWN);
      // The link of a process that has ended cannot be read.
      while (Files.readSymbolicLink(namespace).equals(own)) {
        if (System.nanoTime() > deadline) {
          throw new ErrnoException("unshare", Errno.ETIMEDOUT, "user namespace");
        }
        Thread.sleep(Duration.ofMillis(1));
      }
    } catch (IOException e) {
      throw new ErrnoException("unshare", Errno.EPERM, "user namespace " + helper.pid());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ErrnoException("unshare", Errno.EINTR, "user namespace");
    }
  }

  /** The kernel takes it in one write only. */
  private static void write(Path file, List<IdMapping.Range> ranges) {
    String text =
        ranges.stream()
            .map(range -> range.inside() + " " + range.outside() + " " + range.size() + "\n")
            .collect(Collectors.joining());
    try {
      Files.write(file, text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException("mapping of ids " + ranges, e);
    }
  }
}
