package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DetachedMountTest {
  private final Sandbox box = new Sandbox();
  private final int descriptorsBefore = Sandbox.openDescriptors();

  @AfterEach
  void cleanUp() {
    assertEquals(List.of(), MountInfo.atOrBelow(RawPath.of(box.path)));
    assertEquals(descriptorsBefore, Sandbox.openDescriptors());
    box.close();
  }

  private static Fd open(boolean modern, Mount... mounts) {
    return new DetachedMount(MountCalls.kernel(), modern).openAll(List.of(mounts));
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(box.path.resolve(name));
  }

  private static void write(Fd dir, String name, String text) {
    try (Fd file =
        PathCalls.openat(dir, RawPath.of(name), OpenFlags.CREAT | OpenFlags.WRONLY, 0644)) {
      FileIo.writeFully(file, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWritableBindIsItsSource(boolean modern) throws IOException {
    directory("source");
    try (Fd root = open(modern, new Mount("bind", box.path + "/source", List.of("rbind", "rw")))) {
      write(root, "f", "x");
    }
    assertEquals("x", Files.readString(box.path.resolve("source/f")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReadOnlyBindRefusesWrites(boolean modern) throws IOException {
    Files.writeString(directory("source").resolve("f"), "x");
    for (String kind : new String[] {"bind", "rbind"}) {
      Mount mount = new Mount("bind", box.path + "/source", List.of(kind, "ro"));
      try (Fd root = open(modern, mount)) {
        assertErrno(Errno.EROFS, () -> write(root, "g", "x"));
        assertEquals(1, DirectoryReader.list(root, 10).size());
        assertTrue(FileCalls.fstatfs(root).readOnly());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anOverlayIsMergedAndWritable(boolean modern) throws IOException {
    Files.writeString(directory("a").resolve("f"), "a");
    Files.writeString(directory("b").resolve("g"), "b");
    directory("upper");
    directory("work");
    Mount mount =
        new Mount(
            "overlay",
            "overlay",
            List.of(
                "lowerdir=" + box.path + "/a:" + box.path + "/b",
                "upperdir=" + box.path + "/upper",
                "workdir=" + box.path + "/work",
                "index=off"));
    try (Fd root = open(modern, mount)) {
      assertEquals(FilesystemStat.OVERLAYFS, FileCalls.fstatfs(root).type());
      assertEquals(2, DirectoryReader.list(root, 10).size());
      write(root, "new", "n");
      PathCalls.unlinkat(root, RawPath.of("f"), 0);
      try (Fd again = PathCalls.openat(root, RawPath.DOT, OpenFlags.RDONLY, 0)) {
        FileCalls.syncfs(again);
      }
    }
    assertEquals("n", Files.readString(box.path.resolve("upper/new")));
    FileStat whiteout = PathCalls.statx(box.dir, RawPath.of("upper/f"), 0);
    assertEquals(FileStat.CHARACTER_DEVICE, whiteout.type());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void otherFileSystemsWorkToo(boolean modern) {
    Mount mount = new Mount("tmpfs", "tmpfs", List.of("size=1m", "mode=750", "nodev"));
    try (Fd root = open(modern, mount)) {
      write(root, "f", "x");
      assertEquals(0750, FileCalls.fstat(root).permissions());
      assertEquals(FilesystemStat.TMPFS, FileCalls.fstatfs(root).type());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void severalMountsBecomeOneTree(boolean modern) throws IOException {
    directory("source/sub");
    Mount bottom = new Mount("bind", box.path + "/source", List.of("bind"));
    Mount inside = new Mount("tmpfs", "tmpfs", "sub", List.of("size=1m"));
    try (Fd root = open(modern, bottom, inside)) {
      write(root, "sub/f", "x");
      write(root, "g", "x");
      try (Fd sub = PathCalls.openat(root, RawPath.of("sub"), OpenFlags.PATH, 0)) {
        assertEquals(FilesystemStat.TMPFS, FileCalls.fstatfs(sub).type());
      }
    }
    assertFalse(Files.exists(box.path.resolve("source/sub/f")));
    assertTrue(Files.exists(box.path.resolve("source/g")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void failuresLeaveNothing(boolean modern) {
    assertErrno(Errno.ENOENT, () -> open(modern, new Mount("bind", "/no/such", List.of("ro"))));
    assertThrows(
        ErrnoException.class,
        () -> open(modern, new Mount("overlay", "overlay", List.of("lowerdir=/no/such"))));
    assertThrows(IllegalArgumentException.class, () -> open(modern));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKilledProcessLeavesNothing(boolean modern) throws Exception {
    directory("lower");
    directory("upper");
    directory("work");
    List<String> options =
        List.of(
            "index=on",
            "lowerdir=" + box.path + "/lower",
            "upperdir=" + box.path + "/upper",
            "workdir=" + box.path + "/work");
    Mount mount = new Mount("overlay", "overlay", options);
    try (Descriptors.Pair output = Descriptors.pipe2(0);
        Descriptors.Pair input = Descriptors.pipe2(0);
        Spawned holder =
            Spawn.of(System.getProperty("java.home") + "/bin/java")
                .arguments("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp")
                .arguments(System.getProperty("java.class.path"))
                .arguments(DetachedMountHolder.class.getName(), String.valueOf(modern))
                .arguments(options)
                .descriptor(0, input.first())
                .descriptor(1, output.second())
                .start()) {
      output.second().close();
      byte[] said = new byte[6];
      assertEquals(6, FileIo.read(output.first(), said, 0, said.length));
      assertEquals("ready\n", new String(said, StandardCharsets.UTF_8));
      assertErrno(Errno.EBUSY, () -> open(modern, mount));
      ProcessCalls.pidfdSendSignal(holder.pidfd(), Signals.SIGKILL);
      assertEquals(Signals.SIGKILL, ProcessCalls.waitFor(holder.pidfd()).signal());
    }
    open(modern, mount).close();
    assertTrue(Files.isDirectory(box.path.resolve("upper/made")));
  }

  @Test
  void oneLayerIsEnoughAndAVirtualThreadMayEndTheMount() throws Exception {
    directory("lower/sub");
    directory("upper");
    directory("work");
    List<String> options =
        List.of(
            "lowerdir=" + box.path + "/lower",
            "upperdir=" + box.path + "/upper",
            "workdir=" + box.path + "/work",
            "volatile");
    var entries = new CompletableFuture<Integer>();
    Thread.ofVirtual()
        .start(() -> {
          try (Fd root = DetachedMount.open(List.of(new Mount("overlay", "x", options)))) {
            entries.complete(DirectoryReader.list(root, 10).size());
          } catch (RuntimeException | Error e) {
            entries.completeExceptionally(e);
          }
        })
        .join();
    assertEquals(1, entries.get());
  }

  @Test
  void theDetachedTreeCanBeAttachedLater() throws IOException {
    Path target = directory("target");
    try (Fd root = open(true, new Mount("tmpfs", "tmpfs", List.of()))) {
      MountCalls.kernel().moveMount(root, Fd.CWD, RawPath.of(target), 0);
      write(root, "f", "x");
      assertTrue(Files.exists(target.resolve("f")));
    }
    Mounter.kernel().unmountAll(target);
  }

  @Test
  void setattrRefusesAnIdMappingWithoutAUserNamespace() throws IOException {
    directory("source");
    RawPath source = RawPath.of(box.path.resolve("source"));
    try (Fd tree = MountCalls.kernel().openTree(Fd.CWD, source, MountFlags.OPEN_TREE_CLONE);
        Fd own = PathCalls.open(Path.of("/proc/self/ns/user"), OpenFlags.RDONLY, 0)) {
      assertErrno(
          Errno.EPERM,
          () ->
              MountCalls.kernel()
                  .mountSetattr(
                      tree, RawPath.EMPTY, AtFlags.EMPTY_PATH, MountFlags.ATTR_IDMAP, 0, 0, own));
    }
  }

  @Test
  void thisKernelHasWhatItHas() {
    for (Kernel.Feature feature : Kernel.Feature.values()) {
      assertTrue(Kernel.has(feature), feature.name());
    }
  }
}
