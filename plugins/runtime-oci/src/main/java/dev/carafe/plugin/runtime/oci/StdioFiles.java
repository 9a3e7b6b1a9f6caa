package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Descriptors;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.Spawn;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens what a process reads and writes, by containerd's rules: an empty name is nothing, a plain
 * path a FIFO that the client has made (or a file or device that exists), {@code file://} a file to
 * append to, {@code binary://} and {@code binary-v2://} a logging program.
 *
 * <p>A FIFO is opened at both ends, so that a client that goes away and comes back causes neither
 * an end of file nor a SIGPIPE. A file is never handed to a container itself, which could truncate
 * it by opening {@code /dev/stdout} anew: a helper appends what comes out of a pipe.
 *
 * <p>Everything opened belongs to this object; it is closed when the processes have it.
 */
final class StdioFiles implements AutoCloseable {
  /** The logging program has to write a byte before it closes descriptor 5. */
  private static final String STRICT = "binary-v2";

  private static final Set<String> LOGGERS = Set.of("binary", STRICT);
  private static final Duration BINARY_READY = Duration.ofSeconds(10);

  private final Helpers helpers;
  private final TaskLocation location;
  private final List<String> tags;
  private final List<Fd> open = new ArrayList<>();
  private final List<Pid> sinks = new ArrayList<>();

  /**
   * Where to write.
   *
   * @param writer given to the process
   * @param reader keeps the other end open, so that nobody gets a SIGPIPE
   */
  record Output(Optional<Fd> writer, Optional<Fd> reader) {
    static final Output NOTHING = new Output(Optional.empty(), Optional.empty());
  }

  /**
   * Where to read from.
   *
   * @param reader given to the process
   * @param writer keeps the other end open, so that there is no end of file yet
   */
  record Input(Optional<Fd> reader, Optional<Fd> writer) {
    static final Input NOTHING = new Input(Optional.empty(), Optional.empty());
  }

  /**
   * Opens nothing yet.
   *
   * @param tags the environment of helpers
   */
  StdioFiles(Helpers helpers, TaskLocation location, List<String> tags) {
    this.helpers = helpers;
    this.location = location;
    this.tags = List.copyOf(tags);
  }

  /** Helpers that were started for outputs. */
  List<Pid> sinks() {
    return List.copyOf(sinks);
  }

  Input input(String name) {
    if (name.isEmpty()) {
      return Input.NOTHING;
    }
    RawPath path = RawPath.of(plainPath("stdin", name));
    try (Fd found = find("stdin", path)) {
      return switch (type(found)) {
        case FileStat.FIFO -> {
          // With both ends open the one-sided opens cannot block.
          try (Fd both = reopen(found, OpenFlags.RDWR | OpenFlags.NONBLOCK)) {
            Fd reader = keep(reopen(found, OpenFlags.RDONLY));
            Fd writer = keep(reopen(found, OpenFlags.WRONLY));
            yield new Input(Optional.of(reader), Optional.of(writer));
          }
        }
        case FileStat.REGULAR, FileStat.CHARACTER_DEVICE ->
            new Input(
                Optional.of(keep(reopen(found, OpenFlags.RDONLY | OpenFlags.NOCTTY))),
                Optional.empty());
        default -> throw unusable("stdin", path);
      };
    }
  }

  /** Both outputs at once: one name for both is one file, and one logging program. */
  List<Output> outputs(String stdout, String stderr) throws InterruptedException {
    if (LOGGERS.contains(scheme(stdout)) && (stderr.isEmpty() || stderr.equals(stdout))) {
      return binary(stdout);
    }
    Output out = output("stdout", stdout);
    boolean shared = stderr.equals(stdout) && !sinks.isEmpty();
    return List.of(out, shared ? out : output("stderr", stderr));
  }

  Output output(String stream, String name) throws InterruptedException {
    if (name.isEmpty()) {
      return Output.NOTHING;
    }
    return switch (scheme(name)) {
      case "binary", STRICT -> binary(name).getFirst();
      case "file" -> file(plainPath(stream, name));
      default -> existing(stream, RawPath.of(plainPath(stream, name)));
    };
  }

  private Output existing(String stream, RawPath path) {
    try (Fd found = find(stream, path)) {
      switch (type(found)) {
        case FileStat.FIFO -> {
          Fd reader = keep(reopen(found, OpenFlags.RDONLY | OpenFlags.NONBLOCK));
          Fd writer = keep(reopen(found, OpenFlags.WRONLY));
          return new Output(Optional.of(writer), Optional.of(reader));
        }
        case FileStat.REGULAR -> {
          return appended(keep(reopen(found, OpenFlags.WRONLY | OpenFlags.APPEND)));
        }
        case FileStat.CHARACTER_DEVICE -> {
          Fd device = keep(reopen(found, OpenFlags.WRONLY | OpenFlags.NOCTTY));
          return new Output(Optional.of(device), Optional.empty());
        }
        default -> throw unusable(stream, path);
      }
    }
  }

  private Output file(Path path) {
    try {
      Files.createDirectories(
          path.getParent(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new UnavailableException("log file " + path + ": " + e.getMessage(), e);
    }
    int flags = OpenFlags.WRONLY | OpenFlags.APPEND | OpenFlags.CREAT | OpenFlags.NOCTTY;
    return appended(keep(PathCalls.open(path, flags, 0600)));
  }

  private Output appended(Fd file) {
    Descriptors.Pair pipe = pipe();
    sinks.add(helpers.cat(tags, pipe.first(), file, Optional.empty()));
    return new Output(Optional.of(pipe.second()), Optional.of(pipe.first()));
  }

  /**
   * containerd's logging binaries: stdout on descriptor 3, stderr on 4, and 5 to be closed when the
   * program is ready, in the strict form after a byte, so that one that ends is told from one that
   * is ready; query parameters become arguments.
   */
  private List<Output> binary(String name) throws InterruptedException {
    URI uri = uri(name);
    String program = uri.getPath();
    if (program == null || !program.startsWith("/")) {
      throw new InvalidArgumentException("logging binary \"" + name + "\": path is not absolute");
    }
    Descriptors.Pair out = pipe();
    Descriptors.Pair err = pipe();
    var environment = new ArrayList<>(tags);
    environment.add("CONTAINER_ID=" + location.id());
    environment.add("CONTAINER_NAMESPACE=" + location.namespace());
    try (Descriptors.Pair ready = Descriptors.pipe2(OpenFlags.NONBLOCK)) {
      Spawn spawn =
          Spawn.of(program)
              .arguments(queryArguments(uri))
              .environment(environment)
              .descriptor(3, out.first())
              .descriptor(4, err.first())
              .descriptor(5, ready.second());
      Pid process = startBinary(program, spawn);
      ready.second().close();
      if (!helpers.await(ready.first(), EventLoop.READABLE, BINARY_READY)) {
        ProcessTree.kill(process, BINARY_READY);
        throw new UnavailableException(
            "logging binary \""
                + program
                + "\": not ready within "
                + BINARY_READY.toSeconds()
                + " s");
      }
      if (scheme(name).equals(STRICT) && !hasByte(ready.first())) {
        ProcessTree.kill(process, BINARY_READY);
        throw new UnavailableException(
            "logging binary \"" + program + "\": ended without saying that it is ready");
      }
      sinks.add(process);
    }
    return List.of(
        new Output(Optional.of(out.second()), Optional.of(out.first())),
        new Output(Optional.of(err.second()), Optional.of(err.first())));
  }

  private static boolean hasByte(Fd ready) {
    return FileIo.read(ready, new byte[1], 0, 1) > 0;
  }

  private Pid startBinary(String program, Spawn spawn) {
    try {
      return helpers.start(spawn);
    } catch (ErrnoException e) {
      throw new NotFoundException("logging binary \"" + program + "\": " + e.getMessage(), e);
    }
  }

  private static List<String> queryArguments(URI uri) {
    var arguments = new ArrayList<String>();
    String query = uri.getRawQuery();
    if (query != null && !query.isEmpty()) {
      for (String pair : query.split("&")) {
        for (String part : pair.split("=", 2)) {
          arguments.add(URLDecoder.decode(part, StandardCharsets.UTF_8));
        }
      }
    }
    return arguments;
  }

  private Descriptors.Pair pipe() {
    Descriptors.Pair pipe = Descriptors.pipe2(0);
    keep(pipe.first());
    keep(pipe.second());
    return pipe;
  }

  /** Gives what the container opens anew by {@code /dev/stdout} to the user that it runs as. */
  static void give(Optional<Fd> fd, RuntimeSettings settings) {
    if (fd.isPresent() && (settings.ioUid() != 0 || settings.ioGid() != 0)) {
      FileCalls.fchown(fd.get(), settings.ioUid(), settings.ioGid());
    }
  }

  private Fd keep(Fd fd) {
    open.add(fd);
    return fd;
  }

  /** The inode itself, not opened yet: what it is decides how. */
  private static Fd find(String stream, RawPath path) {
    try {
      return PathCalls.openat(Fd.CWD, path, OpenFlags.PATH, 0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        throw new NotFoundException(stream + " \"" + path + "\": no such file or directory", e);
      }
      throw e;
    }
  }

  private static int type(Fd found) {
    return FileCalls.fstat(found).mode() & FileStat.TYPE_MASK;
  }

  private static Fd reopen(Fd found, int flags) {
    return PathCalls.openat(Fd.CWD, found.procPath(), flags, 0);
  }

  private static InvalidArgumentException unusable(String stream, RawPath path) {
    return new InvalidArgumentException(
        stream + " \"" + path + "\": neither a FIFO nor a file nor a character device");
  }

  /** Where output goes that nobody wants. */
  static Fd nowhere() {
    return PathCalls.open(Path.of("/dev/null"), OpenFlags.WRONLY, 0);
  }

  private static String scheme(String name) {
    int colon = name.indexOf("://");
    return colon < 0 || name.startsWith("/") ? "" : name.substring(0, colon);
  }

  private static Path plainPath(String stream, String name) {
    String path =
        switch (scheme(name)) {
          case "" -> name;
          case "file", "fifo" -> uri(name).getPath();
          default ->
              throw new InvalidArgumentException(stream + " \"" + name + "\": unknown scheme");
        };
    if (path == null || !path.startsWith("/") || path.equals("/")) {
      throw new InvalidArgumentException(stream + " \"" + name + "\": path is not absolute");
    }
    return Path.of(path);
  }

  private static URI uri(String name) {
    try {
      return new URI(name);
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("stdio \"" + name + "\": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    open.forEach(Fd::close);
  }
}
