package dev.carafe.testkit.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.MountInfo;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.ProcessStat;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.Signals;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A directory with a root file system, and tasks in it. Closing it fails the test if a mount,
 * cgroup, process or descriptor is left.
 */
public final class RuntimeSandbox implements AutoCloseable {
  public static final String NAMESPACE = "test";
  private static final AtomicInteger COUNTER = new AtomicInteger();
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

  private final Path directory;
  private final String cgroupParent;
  private final List<FifoReader> readers = new ArrayList<>();
  private final AtomicInteger fifos = new AtomicInteger();
  private final int descriptorsBefore;
  private final TestPrograms programs;

  /** Fills an image's directory. */
  public interface Image {
    TestPrograms fill(Path directory) throws IOException;
  }

  /** With busybox. */
  public RuntimeSandbox() throws IOException {
    this(ShellPrograms::new);
  }

  public RuntimeSandbox(Image image) throws IOException {
    this(Files.createTempDirectory("carafe-runtime-"), image);
  }

  private RuntimeSandbox(Path directory, Image image) throws IOException {
    this.directory = directory;
    this.cgroupParent =
        "/carafe-test-" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
    this.descriptorsBefore = descriptors().size();
    // A container's root that is mapped to another user has to get through.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    this.programs = image.fill(Files.createDirectories(image()));
  }

  /** Open descriptors but for those of the virtual machine's class path, opened when needed. */
  public static Map<String, String> descriptors() {
    var open = new TreeMap<String, String>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path entry : entries) {
        try {
          String target = Files.readSymbolicLink(entry).toString();
          if (!target.endsWith(".jar") && !target.startsWith("/dev/") && !target.endsWith("/fd")) {
            open.put(entry.getFileName().toString(), target);
          }
        } catch (NoSuchFileException _) {
          // Closed meanwhile.
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return open;
  }

  /** What is in the image to be run. */
  public TestPrograms programs() {
    return programs;
  }

  public Path directory() {
    return directory;
  }

  /** The image's directory: below every task's own files. */
  public Path image() {
    return directory.resolve("image");
  }

  /** A state directory for a runtime. */
  public Path state() {
    return directory.resolve("state");
  }

  public String cgroupsPath(String id) {
    return cgroupParent + "/" + id;
  }

  /** A new FIFO, made as a client makes it. */
  public Path fifo(String name) throws IOException {
    Path directory = Files.createDirectories(this.directory.resolve("fifos"));
    Path fifo = directory.resolve(fifos.incrementAndGet() + "-" + name);
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(fifo), 0700);
    return fifo;
  }

  public FifoReader reader(Path fifo) {
    var reader = new FifoReader(fifo);
    readers.add(reader);
    return reader;
  }

  public TaskLocation location(String id) throws IOException {
    Path bundle = directory.resolve("bundles").resolve(id);
    Files.createDirectories(bundle.getParent());
    if (!Files.isDirectory(bundle)) {
      Files.createDirectory(
          bundle,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return new TaskLocation(NAMESPACE, id, bundle);
  }

  /** Makes a file in a task's mounted root file system. */
  public void touch(String id, String name) throws IOException {
    Files.createFile(location(id).bundle().resolve("rootfs").resolve(name));
  }

  /** Whether a task has made a file. */
  public boolean exists(String id, String name) throws IOException {
    return Files.exists(location(id).bundle().resolve("rootfs").resolve(name));
  }

  /** The image's directory, mounted over with an overlay of its own. */
  public List<Mount> rootfs(String id) throws IOException {
    Path upper = Files.createDirectories(directory.resolve("layers").resolve(id).resolve("upper"));
    Path work = Files.createDirectories(upper.resolveSibling("work"));
    return List.of(
        new Mount(
            "overlay",
            "overlay",
            List.of("lowerdir=" + image(), "upperdir=" + upper, "workdir=" + work)));
  }

  public CreateTask request(
      String id, Stdio stdio, RuntimeOptions options, Consumer<ObjectNode> change, String... args)
      throws IOException {
    return new CreateTask(
        location(id),
        Specs.container(cgroupsPath(id), List.of(args), change),
        rootfs(id),
        stdio,
        options,
        null);
  }

  /** Starts a shell command in a task and gives what it wrote and how it ended. */
  public static Outcome exec(
      RuntimeSandbox sandbox, TaskRuntime runtime, RuntimeState state, String id, String... args)
      throws Exception {
    Path out = sandbox.fifo("exec-out");
    FifoReader reader = sandbox.reader(out);
    var process = new ProcessId(id);
    RuntimeState added =
        runtime.exec(
            state,
            new ExecProcess(
                process, Specs.process(List.of(args)), new Stdio("", out.toString(), "", false)));
    RuntimeState started = runtime.start(added, process);
    ExitStatus exit = await(runtime, started, process);
    return new Outcome(runtime.delete(started, process).state(), reader.all(), exit.code());
  }

  public record Outcome(RuntimeState state, String output, int code) {}

  /** As {@link TaskRuntime#await}, with a limit. */
  public static ExitStatus await(TaskRuntime runtime, RuntimeState state, ProcessId process)
      throws Exception {
    var result = new CompletableFuture<ExitStatus>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                result.complete(runtime.await(state, process));
              } catch (InterruptedException | RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    try {
      return result.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      waiter.interrupt();
    }
  }

  /** Every process that was started for one of the bundles. */
  public List<TaggedProcess> processes() throws IOException {
    var found = new ArrayList<TaggedProcess>();
    Path bundles = directory.resolve("bundles");
    if (Files.isDirectory(bundles)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(bundles)) {
        for (Path bundle : entries) {
          found.addAll(TaggedProcess.of(bundle));
        }
      }
    }
    return found;
  }

  private List<Path> cgroups() throws IOException {
    var found = new ArrayList<Path>();
    for (Path parent : cgroupParents()) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(parent, Files::isDirectory)) {
        children.forEach(found::add);
      }
    }
    return found;
  }

  private List<Path> cgroupParents() throws IOException {
    var found = new ArrayList<Path>();
    var candidates = new ArrayList<Path>(List.of(CGROUPS));
    try (DirectoryStream<Path> hierarchies =
        Files.newDirectoryStream(CGROUPS, Files::isDirectory)) {
      hierarchies.forEach(candidates::add);
    }
    for (Path hierarchy : candidates) {
      Path parent = hierarchy.resolve(cgroupParent.substring(1));
      if (Files.isDirectory(parent)) {
        found.add(parent);
      }
    }
    return found;
  }

  /** What is still there of the tasks; cleaned up, so that one failure does not cause others. */
  private List<String> leftOvers() throws Exception {
    var left = new ArrayList<String>();
    for (TaggedProcess process : processes()) {
      left.add("process " + describe(process));
      process.signal(Signals.SIGKILL);
    }
    for (Path cgroup : cgroups()) {
      for (String pid : read(cgroup.resolve("cgroup.procs")).lines().toList()) {
        left.add("process " + pid + " in " + cgroup);
        new TaggedProcess(Long.parseLong(pid)).signal(Signals.SIGKILL);
      }
      left.add("cgroup " + cgroup);
    }
    for (MountInfo mount : MountInfo.atOrBelow(RawPath.of(directory))) {
      left.add("mount " + mount.mountPoint());
    }
    return left;
  }

  private static String read(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(1 << 16), StandardCharsets.UTF_8);
    } catch (IOException _) {
      return "";
    }
  }

  private static String describe(TaggedProcess process) {
    return process.pid()
        + " "
        + read(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
  }

  @Override
  public void close() throws Exception {
    for (FifoReader reader : readers) {
      reader.close();
    }
    List<String> left = leftOvers();
    for (Path cgroup : cgroups()) {
      Await.until("removal of " + cgroup, () -> removeCgroup(cgroup));
    }
    for (Path parent : cgroupParents()) {
      Files.delete(parent);
    }
    Mounter.kernel().detachAll(directory);
    TreeRemover.remove(directory);
    assertEquals(List.of(), left, "left over");
    Await.until(
        () -> "only " + descriptorsBefore + " of descriptors " + descriptors(),
        () -> descriptors().size() <= descriptorsBefore);
  }

  private static boolean removeCgroup(Path cgroup) {
    return !Files.exists(cgroup) || cgroup.toFile().delete();
  }

  /** Whether a process exists and is not a zombie. */
  public static boolean runs(long pid) {
    return ProcessStat.of(pid).filter(stat -> !stat.isZombie()).isPresent();
  }

  /** Writes as a client that comes, writes and goes. */
  public static void write(Path fifo, String text) {
    try (Fd fd = PathCalls.open(fifo, OpenFlags.WRONLY, 0)) {
      FileIo.writeFully(fd, text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
