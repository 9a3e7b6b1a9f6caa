package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class FileCallsTest {
  private final Sandbox box = new Sandbox();

  @AfterEach
  void cleanUp() {
    box.close();
  }

  @Test
  void modeOwnerAndTimesGoThroughAnyDescriptor() {
    box.create("f").close();
    try (Fd path = box.openPath("f")) {
      FileCalls.fchmod(path, 0640);
      FileCalls.fchown(path, 5, 6);
      FileCalls.futimens(path, 1, 2, 3, 4);
      FileStat stat = FileCalls.fstat(path);
      assertEquals(0640, stat.permissions());
      assertEquals(5, stat.uid());
      assertEquals(3, stat.mtimeSeconds());
      assertEquals(4, stat.mtimeNanos());
    }
    try (Fd open = PathCalls.openat(box.dir, RawPath.of("f"), OpenFlags.RDWR, 0)) {
      FileCalls.fchmod(open, 0600);
      FileCalls.futimens(open, 1, 2, 30, 4);
      assertEquals(0600, FileCalls.fstat(open).permissions());
      assertEquals(30, FileCalls.fstat(open).mtimeSeconds());
    }
  }

  @Test
  void aSymbolicLinkIsChangedItself() {
    box.create("f").close();
    PathCalls.symlinkat(RawPath.of("f"), box.dir, RawPath.of("l"));
    try (Fd link = box.openPath("l");
        Fd file = box.openPath("f")) {
      FileCalls.fchown(link, 9, 9);
      FileCalls.futimens(link, 1, 1, 1, 1);
      assertEquals(9, FileCalls.fstat(link).uid());
      assertEquals(1, FileCalls.fstat(link).mtimeSeconds());
      assertEquals(0, FileCalls.fstat(file).uid());
      assertEquals("f", PathCalls.readlinkat(link, RawPath.EMPTY).toString());
      assertThrows(ErrnoException.class, () -> FileCalls.fchmod(link, 0777));
      assertEquals(0644, FileCalls.fstat(file).permissions());
    }
  }

  @Test
  void syncingWorksFromPlatformAndVirtualThreads() throws Exception {
    try (Fd fd = box.create("f", "x")) {
      FileCalls.fsync(fd);
      FileCalls.fdatasync(fd);
      FileCalls.syncfs(box.dir);
      FileCalls.syncFileRange(fd, 0, 0, FileCalls.SYNC_FILE_RANGE_WRITE);
      FileCalls.fadvise(fd, 0, 0, FileCalls.FADV_DONTNEED);
      var done = new CompletableFuture<Boolean>();
      Thread.ofVirtual()
          .start(() -> {
            Thread.currentThread().interrupt();
            FileCalls.fsync(fd);
            FileCalls.fsync(box.dir);
            done.complete(Thread.currentThread().isInterrupted());
          });
      assertTrue(done.get(20, TimeUnit.SECONDS), "the interrupt is kept");
    }
  }

  @Test
  void errorsCrossFromTheHelperThread() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    try (Fd path = box.openPath(".")) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              FileCalls.fsync(path);
              failure.complete(new AssertionError("fsync of O_PATH"));
            } catch (ErrnoException e) {
              failure.complete(e);
            }
          });
      var thrown = (ErrnoException) failure.get(20, TimeUnit.SECONDS);
      assertEquals(Errno.EBADF, thrown.errno());
    }
  }

  @Test
  void holesAreMadeAndFound() {
    try (Fd fd = box.create("sparse")) {
      FileCalls.ftruncate(fd, 1 << 20);
      FileIo.pwrite(fd, new byte[4096], 0, 4096, 512 << 10);
      assertEquals(512 << 10, FileCalls.lseek(fd, 0, FileCalls.SEEK_DATA));
      assertEquals(0, FileCalls.lseek(fd, 0, FileCalls.SEEK_HOLE));
      FileCalls.fallocate(
          fd, FileCalls.FALLOC_PUNCH_HOLE | FileCalls.FALLOC_KEEP_SIZE, 512 << 10, 4096);
      assertErrno(Errno.ENXIO, () -> FileCalls.lseek(fd, 0, FileCalls.SEEK_DATA));
      FileCalls.fallocate(fd, FileCalls.FALLOC_KEEP_SIZE, 0, 1 << 20);
      assertEquals(1 << 20, FileCalls.fstat(fd).size());
      assertTrue(FileCalls.fstat(fd).blocks() >= 2048);
    }
  }

  @Test
  void kernelSideCopiesCopy() {
    try (Fd from = box.create("from", "0123456789");
        Fd to = box.create("to");
        Fd sent = box.create("sent")) {
      assertEquals(4, FileCalls.copyFileRange(from, 2, to, 1, 4));
      assertEquals("\0" + "2345", new String(FileIo.readAll(to, 100)));
      assertEquals(7, FileCalls.sendfile(sent, from, 3, 100));
      FileCalls.lseek(sent, 0, FileCalls.SEEK_SET);
      assertEquals("3456789", new String(FileIo.readAll(sent, 100)));
      assertEquals(0, FileCalls.copyFileRange(from, 10, to, 0, 4));
    }
  }

  @Test
  void cloneSharesBlocksOrSaysThatItCannot() {
    try (Fd from = box.create("from", "0123456789");
        Fd to = box.create("to")) {
      try {
        FileCalls.clone(from, to);
      } catch (ErrnoException e) {
        assertTrue(e.is(Errno.EOPNOTSUPP) || e.is(Errno.EXDEV) || e.is(Errno.ENOTTY), e::toString);
        Assumptions.abort("the file system under /tmp has no reflinks");
      }
      assertEquals(10, FileCalls.fstat(to).size());
    }
  }

  @Test
  void onlyOneHoldsTheExclusiveLock() {
    try (Fd one = box.create("lock");
        Fd two = PathCalls.openat(box.dir, RawPath.of("lock"), OpenFlags.RDWR, 0)) {
      FileCalls.flock(one, FileCalls.LOCK_EXCLUSIVE);
      assertFalse(FileCalls.tryFlock(two, FileCalls.LOCK_SHARED));
      FileCalls.flock(one, FileCalls.LOCK_UNLOCK);
      assertTrue(FileCalls.tryFlock(two, FileCalls.LOCK_EXCLUSIVE));
    }
  }

  @Test
  void statfsKnowsProcfs() {
    assertEquals(0x9fa0, FileCalls.statfs(RawPath.of("/proc")).type());
    FilesystemStat here = FileCalls.fstatfs(box.dir);
    assertTrue(here.blocks() >= here.freeBlocks() && here.blockSize() >= 512);
    assertEquals(here.type(), FileCalls.statfs(RawPath.of(box.path)).type());
  }

  @Test
  void duplicatesAreIndependentDescriptors() {
    Fd first = box.create("f", "abc");
    try (Fd second = FileCalls.duplicate(first, 200)) {
      first.close();
      assertTrue(second.number() >= 200);
      assertEquals("abc", new String(FileIo.readAll(second, 10)));
    }
  }

  @Test
  void closeIsIdempotentAndAClosedDescriptorIsRefused() {
    Fd fd = PathCalls.open(Path.of("/"), OpenFlags.PATH, 0);
    int number = fd.number();
    fd.close();
    fd.close();
    assertFalse(fd.isOpen());
    assertThrows(IllegalStateException.class, fd::number);
    try (Fd again = PathCalls.open(Path.of("/"), OpenFlags.PATH, 0)) {
      fd.close();
      assertTrue(again.isOpen());
      assertTrue(FileCalls.fstat(again).isDirectory(), "number " + number + " was reused");
    }
    Fd borrowed = Fd.borrow(0);
    borrowed.close();
    assertTrue(FileCalls.fstat(Fd.borrow(0)).mode() != 0);
  }
}
