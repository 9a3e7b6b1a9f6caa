package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Starts a program by posix_spawn(3): the virtual machine's memory is neither copied nor counted
 * twice. The child has exactly the descriptors given, {@code /dev/null} for those of 0, 1 and 2
 * that are not, no blocked and no ignored signals, and exactly the environment given (none by
 * default).
 *
 * <p>Waits until the program runs or is known not to. Not for several threads at once.
 */
public final class Spawn {
  private static final short SETSIGDEF = 0x04;
  private static final short SETSIGMASK = 0x08;
  private static final short SETSID = 0x80;
  private static final int OPAQUE_SIZE = 512;
  private static final int SIGSET_SIZE = 128;
  private static final int LIST_LIMIT = 1_000_000;
  private static final RawPath DEV_NULL = RawPath.of("/dev/null");
  private static final RawPath OWN_DESCRIPTORS = RawPath.of("/proc/self/fd");

  private final String program;
  private final List<String> argv = new ArrayList<>();
  private final TreeMap<Integer, Fd> descriptors = new TreeMap<>();
  private List<String> environment = List.of();
  private @Nullable RawPath directory;
  private boolean newSession;

  private Spawn(String program) {
    this.program = program;
    argv.add(program);
  }

  /** {@code program} is a path: {@code PATH} is not searched. */
  public static Spawn of(String program) {
    return new Spawn(program);
  }

  /** Adds arguments after the program's own name. */
  public Spawn arguments(List<String> arguments) {
    argv.addAll(arguments);
    return this;
  }

  /** Adds arguments after the program's own name. */
  public Spawn arguments(String... arguments) {
    return arguments(List.of(arguments));
  }

  /** The whole environment, each as {@code NAME=value}. */
  public Spawn environment(List<String> variables) {
    environment = List.copyOf(variables);
    return this;
  }

  /** Makes {@code fd} the child's descriptor {@code number}. It stays open here, too. */
  public Spawn descriptor(int number, Fd fd) {
    if (number < 0) {
      throw new IllegalArgumentException("fd " + number + ": not a descriptor");
    }
    descriptors.put(number, fd);
    return this;
  }

  /** The working directory; this process's own by default. */
  public Spawn directory(Path path) {
    directory = RawPath.of(path);
    return this;
  }

  /** Starts it as the leader of a session of its own: no terminal, no signals from one. */
  public Spawn newSession() {
    newSession = true;
    return this;
  }

  /**
   * Starts the program.
   *
   * @throws ErrnoException if it cannot be executed, for example with ENOENT
   */
  public Spawned start() {
    return Offload.call(this::startHere);
  }

  private Spawned startHere() {
    int first = descriptors.isEmpty() ? 3 : Math.max(3, descriptors.lastKey() + 1);
    var raised = new TreeMap<Integer, Fd>();
    try (Scratch s = Scratch.take()) {
      descriptors.forEach((number, fd) -> raised.put(number, FileCalls.duplicate(fd, first)));
      MemorySegment actions = s.zeroed(OPAQUE_SIZE);
      MemorySegment attributes = s.zeroed(OPAQUE_SIZE);
      must(Calls.ACTIONS_INIT.call(s, actions.address()), Calls.ACTIONS_INIT);
      must(Calls.ATTR_INIT.call(s, attributes.address()), Calls.ATTR_INIT);
      try {
        setActions(s, actions.address(), raised, first);
        setAttributes(s, attributes.address());
        long pid = spawn(s, actions.address(), attributes.address());
        return identify(pid);
      } finally {
        Calls.ACTIONS_DESTROY.call(s, actions.address());
        Calls.ATTR_DESTROY.call(s, attributes.address());
      }
    } finally {
      raised.values().forEach(Fd::close);
    }
  }

  private void setActions(Scratch s, long actions, TreeMap<Integer, Fd> raised, int first) {
    if (directory != null) {
      must(Calls.ADDCHDIR.call(s, actions, s.string(directory)), Calls.ADDCHDIR);
    }
    for (int number = 0; number < first; number++) {
      Fd source = raised.get(number);
      if (source != null) {
        must(Calls.ADDDUP2.call(s, actions, source.number(), number), Calls.ADDDUP2);
      } else if (number <= 2) {
        int mode = number == 0 ? OpenFlags.RDONLY : OpenFlags.WRONLY;
        long path = s.string(DEV_NULL);
        must(Calls.ADDOPEN.call(s, actions, number, path, mode, 0), Calls.ADDOPEN);
      } else {
        must(Calls.ADDCLOSE.call(s, actions, number), Calls.ADDCLOSE);
      }
    }
    if (Calls.ADDCLOSEFROM.isPresent()) {
      NativeCall closeFrom = Calls.ADDCLOSEFROM.get();
      must(closeFrom.call(s, actions, first), closeFrom);
    } else {
      closeListed(s, actions, first);
    }
  }

  /**
   * For C libraries without closefrom: closes what is open now. A descriptor that another thread
   * opens meanwhile without close-on-exec would slip through.
   */
  private static void closeListed(Scratch s, long actions, int first) {
    try (Fd directory =
        PathCalls.openat(Fd.CWD, OWN_DESCRIPTORS, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0)) {
      for (DirectoryReader.Entry entry : DirectoryReader.list(directory, LIST_LIMIT)) {
        int number = Integer.parseInt(entry.name().toString());
        if (number >= first) {
          must(Calls.ADDCLOSE.call(s, actions, number), Calls.ADDCLOSE);
        }
      }
    }
  }

  private void setAttributes(Scratch s, long attributes) {
    // All bits, because sigfillset leaves out the C library's own two, which it then ignores.
    MemorySegment set = s.zeroed(SIGSET_SIZE);
    must(Calls.ATTR_SETSIGMASK.call(s, attributes, set.address()), Calls.ATTR_SETSIGMASK);
    set.fill((byte) 0xff);
    must(Calls.ATTR_SETSIGDEFAULT.call(s, attributes, set.address()), Calls.ATTR_SETSIGDEFAULT);
    int flags = SETSIGDEF | SETSIGMASK | (newSession ? SETSID : 0);
    must(Calls.ATTR_SETFLAGS.call(s, attributes, flags), Calls.ATTR_SETFLAGS);
  }

  private long spawn(Scratch s, long actions, long attributes) {
    MemorySegment pid = s.zeroed(8);
    int error =
        Calls.POSIX_SPAWN.call(
            s,
            pid.address(),
            s.string(program),
            actions,
            attributes,
            s.stringArray(argv, argv.size()),
            s.stringArray(environment, environment.size()));
    if (error != 0) {
      throw new ErrnoException("posix_spawn", error, program);
    }
    return pid.get(JAVA_INT, 0);
  }

  /** The child is not reaped yet, so the number is still its own. */
  private static Spawned identify(long pid) {
    Fd pidfd = null;
    try {
      pidfd = ProcessCalls.pidfdOpen(pid);
      return new Spawned(pid, pidfd, ProcessStat.of(pid).orElseThrow().startTime());
    } catch (RuntimeException | Error e) {
      if (pidfd != null) {
        pidfd.close();
      }
      ProcessCalls.kill(pid, Signals.SIGKILL);
      ProcessCalls.waitFor(pid);
      throw e;
    }
  }

  private static void must(int error, NativeCall call) {
    if (error != 0) {
      throw new ErrnoException(call.name(), error, null);
    }
  }

  private static final class Calls {
    static final NativeCall POSIX_SPAWN = NativeCall.of("posix_spawn");
    static final NativeCall ACTIONS_INIT = NativeCall.of("posix_spawn_file_actions_init");
    static final NativeCall ACTIONS_DESTROY = NativeCall.of("posix_spawn_file_actions_destroy");
    static final NativeCall ADDCHDIR = NativeCall.of("posix_spawn_file_actions_addchdir_np");
    static final NativeCall ADDDUP2 = NativeCall.of("posix_spawn_file_actions_adddup2");
    static final NativeCall ADDOPEN = NativeCall.of("posix_spawn_file_actions_addopen");
    static final NativeCall ADDCLOSE = NativeCall.of("posix_spawn_file_actions_addclose");
    static final Optional<NativeCall> ADDCLOSEFROM =
        NativeCall.find("posix_spawn_file_actions_addclosefrom_np");
    static final NativeCall ATTR_INIT = NativeCall.of("posix_spawnattr_init");
    static final NativeCall ATTR_DESTROY = NativeCall.of("posix_spawnattr_destroy");
    static final NativeCall ATTR_SETFLAGS = NativeCall.of("posix_spawnattr_setflags");
    static final NativeCall ATTR_SETSIGMASK = NativeCall.of("posix_spawnattr_setsigmask");
    static final NativeCall ATTR_SETSIGDEFAULT = NativeCall.of("posix_spawnattr_setsigdefault");
  }
}
