package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PathCallsTest {
  private final Sandbox box = new Sandbox();

  @AfterEach
  void cleanUp() {
    box.close();
  }

  private FileStat lstat(String name) {
    return PathCalls.statx(box.dir, RawPath.of(name), AtFlags.SYMLINK_NOFOLLOW);
  }

  @Test
  void openNamesThePathAndTheErrorInItsMessage() {
    var thrown =
        assertThrows(
            ErrnoException.class,
            () -> PathCalls.openat(box.dir, RawPath.of("no/such"), OpenFlags.RDONLY, 0));
    assertEquals("openat \"no/such\": ENOENT (no such file or directory)", thrown.getMessage());
    assertEquals("openat", thrown.call());
    assertTrue(thrown.is(Errno.ENOENT));
  }

  @Test
  void everyDescriptorIsClosedOnExec() throws Exception {
    try (Fd fd = box.create("x")) {
      String info = Files.readString(Path.of("/proc/self/fdinfo/" + fd.number()));
      int flags =
          info.lines()
              .filter(line -> line.startsWith("flags:"))
              .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
              .findFirst()
              .orElseThrow();
      assertNotEquals(0, flags & OpenFlags.CLOEXEC);
    }
  }

  @Test
  void namesThatAreNotUtf8Survive() {
    RawPath name = RawPath.of(new byte[] {'a', (byte) 0xff, (byte) 0xc3, '(', '\n'});
    PathCalls.openat(box.dir, name, OpenFlags.CREAT | OpenFlags.WRONLY, 0600).close();
    var entries = DirectoryReader.list(box.dir, 10);
    assertEquals(1, entries.size());
    assertArrayEquals(name.bytes(), entries.getFirst().name().bytes());
    assertTrue(PathCalls.statx(box.dir, name, 0).isRegular());
  }

  @Test
  void inRootKeepsLinksAndDotsInside() {
    box.create("secret", "inside").close();
    PathCalls.symlinkat(RawPath.of("/secret"), box.dir, RawPath.of("absolute"));
    PathCalls.symlinkat(RawPath.of("../../../secret"), box.dir, RawPath.of("dots"));
    for (String name : new String[] {"absolute", "dots", "../../secret"}) {
      try (Fd fd =
          PathCalls.openat2(box.dir, RawPath.of(name), OpenFlags.RDONLY, 0, ResolveFlags.IN_ROOT)) {
        assertEquals("inside", new String(FileIo.readAll(fd, 100)));
      }
    }
  }

  @Test
  void beneathRefusesToLeave() {
    PathCalls.symlinkat(RawPath.of("/etc"), box.dir, RawPath.of("out"));
    assertErrno(
        Errno.EXDEV,
        () ->
            PathCalls.openat2(
                box.dir, RawPath.of("out/passwd"), OpenFlags.RDONLY, 0, ResolveFlags.BENEATH));
    assertErrno(
        Errno.EXDEV,
        () ->
            PathCalls.openat2(box.dir, RawPath.of(".."), OpenFlags.PATH, 0, ResolveFlags.BENEATH));
  }

  @Test
  void noSymlinksAndNoMagicLinksAreHonoured() {
    box.create("file").close();
    PathCalls.symlinkat(RawPath.of("file"), box.dir, RawPath.of("link"));
    assertErrno(
        Errno.ELOOP,
        () ->
            PathCalls.openat2(
                box.dir, RawPath.of("link"), OpenFlags.RDONLY, 0, ResolveFlags.NO_SYMLINKS));
    assertErrno(
        Errno.ELOOP,
        () ->
            PathCalls.openat2(
                Fd.CWD, box.dir.procPath(), OpenFlags.PATH, 0, ResolveFlags.NO_MAGICLINKS));
  }

  @Test
  void noXdevStopsAtAMountPoint() {
    try (Fd root = PathCalls.open(Path.of("/"), OpenFlags.PATH, 0)) {
      assertErrno(
          Errno.EXDEV,
          () ->
              PathCalls.openat2(
                  root, RawPath.of("proc/self"), OpenFlags.PATH, 0, ResolveFlags.NO_XDEV));
    }
  }

  @Test
  void statTellsModeOwnerSizeTimesAndLinks() {
    box.create("f", "hello").close();
    PathCalls.linkat(box.dir, RawPath.of("f"), box.dir, RawPath.of("g"), 0);
    PathCalls.fchownat(box.dir, RawPath.of("f"), 4_000_000_000L, 7, 0);
    PathCalls.fchmodat(box.dir, RawPath.of("f"), 04751);
    PathCalls.utimensat(box.dir, RawPath.of("f"), -5, 123_456_789, 2_000_000_000L, 1, 0);
    FileStat stat = lstat("g");
    assertEquals(FileStat.REGULAR, stat.type());
    assertEquals(04751, stat.permissions());
    assertEquals(4_000_000_000L, stat.uid());
    assertEquals(7, stat.gid());
    assertEquals(5, stat.size());
    assertEquals(2, stat.nlink());
    assertEquals(2_000_000_000L, stat.mtimeSeconds());
    assertEquals(1, stat.mtimeNanos());
    assertEquals(123_456_789, stat.atimeNanos());
    assertTrue(stat.isSameFile(lstat("f")));
    assertFalse(stat.isMountRoot());
    assertTrue(PathCalls.statx(Fd.CWD, RawPath.of("/proc"), 0).isMountRoot());
  }

  @Test
  void omittedTimesStay() {
    box.create("f").close();
    PathCalls.utimensat(box.dir, RawPath.of("f"), 1, 2, 3, 4, 0);
    PathCalls.utimensat(box.dir, RawPath.of("f"), 0, PathCalls.UTIME_OMIT, 9, 8, 0);
    assertEquals(1, lstat("f").atimeSeconds());
    assertEquals(9, lstat("f").mtimeSeconds());
    PathCalls.utimensat(
        box.dir, RawPath.of("f"), 0, PathCalls.UTIME_OMIT, 0, PathCalls.UTIME_NOW, 0);
    assertTrue(lstat("f").mtimeSeconds() > 1_000_000_000);
  }

  @Test
  void deviceNumbersSurviveTheirEncoding() {
    PathCalls.mknodat(box.dir, RawPath.of("c"), FileStat.CHARACTER_DEVICE | 0600, 1, 3);
    PathCalls.mknodat(box.dir, RawPath.of("w"), FileStat.CHARACTER_DEVICE | 0600, 0, 0);
    PathCalls.mknodat(box.dir, RawPath.of("b"), FileStat.BLOCK_DEVICE | 0600, 3000, 700_000);
    assertEquals(1, lstat("c").rdevMajor());
    assertEquals(3, lstat("c").rdevMinor());
    assertEquals(0, lstat("w").rdevMajor() + lstat("w").rdevMinor());
    assertEquals(3000, lstat("b").rdevMajor());
    assertEquals(700_000, lstat("b").rdevMinor());
    assertEquals(FileStat.BLOCK_DEVICE, lstat("b").type());
  }

  @Test
  void fifoDirectoryAndSymlinkAreWhatTheyAre() {
    PathCalls.mkfifoat(box.dir, RawPath.of("p"), 0600);
    PathCalls.mkdirat(box.dir, RawPath.of("d"), 0700);
    PathCalls.symlinkat(RawPath.of("nowhere"), box.dir, RawPath.of("l"));
    assertEquals(FileStat.FIFO, lstat("p").type());
    assertTrue(lstat("d").isDirectory());
    assertTrue(lstat("l").isSymlink());
    assertEquals("nowhere", PathCalls.readlinkat(box.dir, RawPath.of("l")).toString());
    assertErrno(Errno.EEXIST, () -> PathCalls.mkdirat(box.dir, RawPath.of("d"), 0700));
    assertErrno(Errno.EINVAL, () -> PathCalls.readlinkat(box.dir, RawPath.of("d")));
  }

  @Test
  void ownerAndTimesOfALinkAreItsOwn() {
    box.create("f").close();
    PathCalls.symlinkat(RawPath.of("f"), box.dir, RawPath.of("l"));
    PathCalls.fchownat(box.dir, RawPath.of("l"), 12, 34, AtFlags.SYMLINK_NOFOLLOW);
    PathCalls.utimensat(box.dir, RawPath.of("l"), 1, 2, 3, 4, AtFlags.SYMLINK_NOFOLLOW);
    assertEquals(12, lstat("l").uid());
    assertEquals(3, lstat("l").mtimeSeconds());
    assertEquals(0, lstat("f").uid());
    assertNotEquals(3, lstat("f").mtimeSeconds());
  }

  @Test
  void aNamelessFileGetsAName() {
    try (Fd file =
        PathCalls.openat(box.dir, RawPath.DOT, OpenFlags.TMPFILE | OpenFlags.RDWR, 0600)) {
      FileIo.writeFully(file, new byte[] {1, 2, 3});
      PathCalls.linkFd(file, box.dir, RawPath.of("named"));
    }
    assertEquals(3, lstat("named").size());
  }

  @Test
  void renameReplacesRefusesOrExchanges() {
    box.create("a", "a").close();
    box.create("b", "bb").close();
    assertErrno(
        Errno.EEXIST,
        () ->
            PathCalls.renameat2(
                box.dir, RawPath.of("a"), box.dir, RawPath.of("b"), PathCalls.RENAME_NOREPLACE));
    PathCalls.renameat2(
        box.dir, RawPath.of("a"), box.dir, RawPath.of("b"), PathCalls.RENAME_EXCHANGE);
    assertEquals(2, lstat("a").size());
    PathCalls.renameat2(box.dir, RawPath.of("a"), box.dir, RawPath.of("b"), 0);
    assertEquals(2, lstat("b").size());
    assertErrno(Errno.ENOENT, () -> lstat("a"));
  }

  @Test
  void unlinkTellsFilesFromDirectories() {
    PathCalls.mkdirat(box.dir, RawPath.of("d"), 0700);
    assertErrno(Errno.EISDIR, () -> PathCalls.unlinkat(box.dir, RawPath.of("d"), 0));
    PathCalls.unlinkat(box.dir, RawPath.of("d"), AtFlags.REMOVEDIR);
    assertErrno(Errno.ENOENT, () -> lstat("d"));
  }

  @Test
  void pathsLongerThanTheKernelAllowsAreRefusedByIt() {
    assertErrno(
        Errno.ENAMETOOLONG,
        () -> PathCalls.openat(box.dir, RawPath.of("x".repeat(300)), OpenFlags.RDONLY, 0));
    assertErrno(
        Errno.ENAMETOOLONG,
        () -> PathCalls.openat(box.dir, RawPath.of("x/".repeat(20_000)), OpenFlags.RDONLY, 0));
  }

  @Test
  void aCallThatTheKernelLacksSaysWhatItNeeds() {
    var missing = new Syscall("future", 4711, "9.9");
    try (Scratch s = Scratch.take()) {
      var thrown =
          assertThrows(
              ErrnoException.class, () -> missing.check(missing.call(s, 0, 0, 0, 0), s, "x"));
      assertEquals(
          "future \"x\": ENOSYS (function not implemented): needs Linux 9.9", thrown.getMessage());
    }
  }
}
