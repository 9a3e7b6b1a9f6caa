package dev.carafe.plugin.snapshotter.nativefs;

import static dev.carafe.testkit.FsTree.attribute;
import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.link;
import static dev.carafe.testkit.FsTree.mode;
import static dev.carafe.testkit.FsTree.sparse;
import static dev.carafe.testkit.FsTree.symlink;
import static dev.carafe.testkit.FsTree.time;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.TreeRemover;
import dev.carafe.linux.XattrCalls;
import dev.carafe.plugin.snapshotter.support.DiskUsage;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TreeCopierTest {
  private static final Instant THEN = Instant.parse("2001-02-03T04:05:06.123456789Z");
  private static final int DEEP = 2500;

  private Path from;
  private Path to;
  private Path scratch;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    from = Files.createDirectory(work.path().resolve("from"));
    to = Files.createDirectory(work.path().resolve("to"));
    scratch = work.path().resolve("scratch");
    Files.setAttribute(from, "unix:mode", 0755);
  }

  private void copy() {
    TreeCopier.copy(from, to, scratch);
    assertFalse(Files.exists(scratch));
  }

  private FileStat stat(String name) {
    return PathCalls.statx(Fd.CWD, RawPath.of(to.resolve(name)), AtFlags.SYMLINK_NOFOLLOW);
  }

  @Test
  void everythingIsKept() {
    FsTree tree =
        FsTree.of(
            dir("/d", 0755),
            dir("/d/e", 02710),
            file("/d/e/a", "x".repeat(100_000)),
            link("/d/b", "/d/e/a"),
            link("/c", "/d/e/a"),
            file("/setuid", "", 04755),
            file("/unreadable", "x", 0),
            symlink("/l", "../../etc/passwd"),
            link("/l2", "/l"),
            sparse("/s", 1 << 20, "end"),
            attribute("/d/e/a", "name", "value"),
            attribute("/d", "name", "x".repeat(500)),
            time("/setuid", THEN),
            time("/d/e", THEN),
            time("/d", THEN),
            time("/", THEN),
            mode("/", 0710));
    tree.applyTo(from);
    copy();
    tree.assertSameAs(to);
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "devices")
  void devicesOwnersAndPrivilegedAttributesAreKept() {
    RawPath device = RawPath.of(from.resolve("null"));
    PathCalls.mknodat(Fd.CWD, device, FileStat.CHARACTER_DEVICE | 0666, 1, 3);
    PathCalls.mknodat(
        Fd.CWD, RawPath.of(from.resolve("block")), FileStat.BLOCK_DEVICE | 0640, 259, 1_000_000);
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(from.resolve("fifo")), 0622);
    PathCalls.mknodat(Fd.CWD, RawPath.of(from.resolve("socket")), FileStat.SOCKET | 0700, 0, 0);
    PathCalls.fchownat(Fd.CWD, device, 4_000_000_000L, 7, 0);
    PathCalls.fchmodat(Fd.CWD, device, 02666);
    PathCalls.fchmodat(Fd.CWD, RawPath.of(from.resolve("block")), 0640);
    PathCalls.fchmodat(Fd.CWD, RawPath.of(from.resolve("fifo")), 0622);
    PathCalls.fchmodat(Fd.CWD, RawPath.of(from.resolve("socket")), 0700);
    FsTree.of(file("/capable", "x", 06755), symlink("/l", "x")).applyTo(from);
    byte[] capability = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    XattrCalls.set(RawPath.of(from.resolve("capable")), "security.capability", capability, 0);
    XattrCalls.set(RawPath.of(from.resolve("l")), "trusted.mark", new byte[] {1, 2}, 0);
    PathCalls.utimensat(
        Fd.CWD, RawPath.of(from.resolve("l")), 5, 6, 7, 8, AtFlags.SYMLINK_NOFOLLOW);

    copy();

    assertEquals(FileStat.CHARACTER_DEVICE | 02666, stat("null").mode());
    assertEquals(List.of(1, 3), List.of(stat("null").rdevMajor(), stat("null").rdevMinor()));
    assertEquals(List.of(4_000_000_000L, 7L), List.of(stat("null").uid(), stat("null").gid()));
    assertEquals(FileStat.BLOCK_DEVICE | 0640, stat("block").mode());
    assertEquals(1_000_000, stat("block").rdevMinor());
    assertEquals(FileStat.FIFO | 0622, stat("fifo").mode());
    assertEquals(FileStat.SOCKET | 0700, stat("socket").mode());
    assertEquals(06755, stat("capable").permissions());
    assertArrayEquals(
        capability,
        XattrCalls.get(RawPath.of(to.resolve("capable")), "security.capability").orElseThrow());
    assertArrayEquals(
        new byte[] {1, 2},
        XattrCalls.get(RawPath.of(to.resolve("l")), "trusted.mark").orElseThrow());
    assertEquals(List.of(7L, 8), List.of(stat("l").mtimeSeconds(), stat("l").mtimeNanos()));
  }

  @Test
  void holesTakeNoSpace() throws IOException {
    try (FileChannel file =
        FileChannel.open(
            from.resolve("s"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[100_000]), 0);
      file.write(ByteBuffer.wrap(new byte[] {1}), 1L << 32);
      file.truncate(1L << 33);
      file.write(ByteBuffer.wrap(new byte[0]), (1L << 33) - 1);
    }
    long size = Files.size(from.resolve("s"));
    copy();
    assertEquals(size, stat("s").size());
    assertTrue(stat("s").blocks() * 512 < 1 << 20, () -> "blocks: " + stat("s").blocks());
  }

  @Test
  void everyWayOfCopyingGivesTheSameBytes() throws IOException {
    byte[] bytes = new byte[3_000_001];
    new Random(1).nextBytes(bytes);
    Path source = Files.write(from.resolve("a"), bytes);
    List<FileCopier> ways =
        List.of(new FileCopier(), new FileCopier(false, true), new FileCopier(false, false));
    for (int i = 0; i < ways.size(); i++) {
      Path target = to.resolve("way " + i);
      try (Fd in = PathCalls.open(source, OpenFlags.RDONLY, 0);
          Fd out = PathCalls.open(target, OpenFlags.WRONLY | OpenFlags.CREAT, 0600)) {
        ways.get(i).copy(in, out, bytes.length, bytes.length);
      }
      assertArrayEquals(bytes, Files.readAllBytes(target), "way " + i);
    }
  }

  @Test
  void noTreeIsTooDeep() {
    Fd current = PathCalls.open(from, OpenFlags.PATH, 0);
    RawPath name = RawPath.of("d".repeat(20));
    for (int i = 0; i < DEEP; i++) {
      PathCalls.mkdirat(current, name, 0700);
      Fd next = PathCalls.openat(current, name, OpenFlags.PATH, 0);
      current.close();
      current = next;
    }
    current.close();
    copy();
    assertEquals(DEEP + 1, DiskUsage.of(to).inodes());
    TreeRemover.remove(from);
    TreeRemover.remove(to);
  }

  @Test
  void namesAreBytes() throws IOException {
    RawPath odd = RawPath.of(new byte[] {(byte) 0xff, ' ', (byte) 0xc3, '\n', 'x'});
    try (Fd source = PathCalls.open(from, OpenFlags.RDONLY, 0)) {
      PathCalls.symlinkat(odd, source, odd);
    }
    copy();
    try (Fd target = PathCalls.open(to, OpenFlags.RDONLY, 0)) {
      assertEquals(odd, DirectoryReader.list(target, 10).getFirst().name());
      assertEquals(odd, PathCalls.readlinkat(target, odd));
      PathCalls.unlinkat(target, odd, 0);
    }
    TreeRemover.remove(from);
  }

  @Test
  void interruptEndsIt() {
    FsTree.of(file("/a", "1"), link("/b", "/a")).applyTo(from);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, this::copy);
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertFalse(Files.exists(scratch));
  }
}
