package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpawnTest {
  private final Sandbox box = new Sandbox();
  private final int descriptorsBefore = Sandbox.openDescriptors();

  @AfterEach
  void cleanUp() {
    assertEquals(descriptorsBefore, Sandbox.openDescriptors());
    box.close();
  }

  private static Spawn shell(String script) {
    return Spawn.of("/bin/sh").arguments("-c", script);
  }

  private static ExitStatus run(Spawn spawn) {
    try (Spawned child = spawn.start()) {
      return ProcessCalls.waitFor(child.pidfd());
    }
  }

  private String output(Spawn spawn) {
    String name = "out" + System.nanoTime();
    try (Fd out = box.create(name)) {
      assertEquals(new ExitStatus(0, 0), run(spawn.descriptor(1, out)));
      FileCalls.lseek(out, 0, FileCalls.SEEK_SET);
      return new String(FileIo.readAll(out, 100_000)).strip();
    }
  }

  @Test
  void argumentsEnvironmentAndDirectoryArrive() {
    Spawn spawn =
        shell("echo \"$0|$1|$A|$(pwd)|$(env | wc -l)\"")
            .arguments("a b", "ü")
            .environment(List.of("A=x=y"))
            .directory(Path.of("/usr/lib"));
    assertEquals("a b|ü|x=y|/usr/lib|2", output(spawn));
  }

  @Test
  void onlyTheDescriptorsGivenArriveAndTheRestIsNull() {
    try (Fd leaked = FileCalls.duplicate(box.dir, 50);
        Fd three = box.create("three", "3");
        Fd seven = box.create("seven", "7")) {
      assertTrue(leaked.number() >= 50);
      String listed =
          output(
              shell("readlink /proc/self/fd/0 /proc/$$/fd/2; cat <&3 <&7; ls /proc/$$/fd")
                  .descriptor(3, three)
                  .descriptor(7, seven));
      assertEquals("/dev/null\n/dev/null\n70\n1\n2\n3\n7", listed);
    }
  }

  @Test
  void descriptorsMayChangePlaces() {
    try (Fd a = box.create("a", "a");
        Fd b = box.create("b", "b")) {
      String text =
          output(
              Spawn.of("/bin/cat")
                  .arguments("/proc/self/fd/" + a.number(), "/proc/self/fd/" + b.number())
                  .descriptor(a.number(), b)
                  .descriptor(b.number(), a));
      assertEquals("ba", text);
    }
  }

  @Test
  void signalsAreNeitherBlockedNorIgnored() {
    String status = output(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
    assertEquals("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000", status);
  }

  @Test
  void aNewSessionHasNoParentGroup() {
    try (Spawned child = Spawn.of("/bin/sleep").arguments("100").newSession().start()) {
      ProcessStat stat = ProcessStat.of(child.pid()).orElseThrow();
      assertEquals(child.pid(), stat.session());
      assertEquals(child.pid(), stat.processGroup());
      assertEquals(ProcessHandle.current().pid(), stat.parent());
      assertEquals(child.startTime(), stat.startTime());
      ProcessCalls.kill(-child.pid(), Signals.SIGKILL);
      assertEquals(new ExitStatus(0, Signals.SIGKILL), ProcessCalls.waitFor(child.pidfd()));
    }
  }

  @Test
  void whatCannotBeExecutedIsAnError() {
    assertErrno(Errno.ENOENT, () -> Spawn.of("/no/such/program").start());
    assertErrno(Errno.EACCES, () -> Spawn.of("/etc/passwd").start());
    assertErrno(Errno.ENOENT, () -> Spawn.of("/bin/true").directory(Path.of("/no/such")).start());
  }

  @Test
  void exitCodesAndSignalsAreTold() {
    assertEquals(new ExitStatus(42, 0), run(shell("exit 42")));
    assertEquals(255, run(shell("exit 255")).shellCode());
    assertEquals(new ExitStatus(0, Signals.SIGTERM), run(shell("kill -TERM $$")));
    assertEquals(143, run(shell("kill -TERM $$")).shellCode());
  }

  @Test
  void reapingDoesNotWaitAndHappensOnce() {
    try (Spawned child = Spawn.of("/bin/sleep").arguments("100").start()) {
      assertTrue(ProcessCalls.reap(child.pidfd()).isEmpty());
      ProcessCalls.pidfdSendSignal(child.pidfd(), 0);
      ProcessCalls.pidfdSendSignal(child.pidfd(), Signals.SIGINT);
      assertEquals(Signals.SIGINT, ProcessCalls.waitFor(child.pidfd()).signal());
      assertErrno(Errno.ECHILD, () -> ProcessCalls.reap(child.pidfd()));
      assertErrno(Errno.ESRCH, () -> ProcessCalls.pidfdSendSignal(child.pidfd(), 0));
      assertTrue(ProcessStat.of(child.pid()).isEmpty());
      assertTrue(ProcessCalls.pidfdOpen(child.pid(), child.startTime()).isEmpty());
    }
  }

  @Test
  void aChildsDescriptorCanBeBorrowed() {
    try (Fd file = box.create("f", "content");
        Spawned child = Spawn.of("/bin/sleep").arguments("100").descriptor(9, file).start()) {
      try (Fd borrowed = ProcessCalls.pidfdGetfd(child.pidfd(), 9)) {
        assertTrue(FileCalls.fstat(borrowed).isSameFile(FileCalls.fstat(file)));
      }
      assertErrno(Errno.EBADF, () -> ProcessCalls.pidfdGetfd(child.pidfd(), 10));
      ProcessCalls.pidfdSendSignal(child.pidfd(), Signals.SIGKILL);
      ProcessCalls.waitFor(child.pidfd());
    }
  }

  @Test
  void aReusedPidIsNotMistaken() {
    try (Spawned child = Spawn.of("/bin/sleep").arguments("100").start()) {
      assertTrue(ProcessCalls.pidfdOpen(child.pid(), child.startTime() + 1).isEmpty());
      ProcessCalls.pidfdOpen(child.pid(), child.startTime()).orElseThrow().close();
      ProcessCalls.kill(child.pid(), Signals.SIGKILL);
      assertNotEquals(0, ProcessCalls.waitFor(child.pidfd()).signal());
    }
  }

  @Test
  void theVirtualMachinesOwnChildrenAreLeftAlone() throws Exception {
    Process own = new ProcessBuilder("/bin/sh", "-c", "exit 7").start();
    assertEquals(new ExitStatus(3, 0), run(shell("exit 3")));
    assertTrue(own.waitFor(20, TimeUnit.SECONDS));
    assertEquals(7, own.exitValue());
    own.getInputStream().close();
    own.getErrorStream().close();
    own.getOutputStream().close();
  }

  @Test
  void startsAndWaitsFromAVirtualThread() throws Exception {
    var result = new CompletableFuture<ExitStatus>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(run(shell("exit 9")));
          } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
    assertEquals(9, result.get(20, TimeUnit.SECONDS).code());
  }

  @Test
  void orphansComeToTheSubreaper() {
    ProcessCalls.setChildSubreaper(true);
    try {
      String pid = output(shell("sleep 100 >/dev/null & echo $!"));
      long orphan = Long.parseLong(pid);
      assertEquals(ProcessHandle.current().pid(), ProcessStat.of(orphan).orElseThrow().parent());
      try (Fd pidfd = ProcessCalls.pidfdOpen(orphan)) {
        ProcessCalls.pidfdSendSignal(pidfd, Signals.SIGKILL);
        assertEquals(Signals.SIGKILL, ProcessCalls.waitFor(pidfd).signal());
      }
    } finally {
      ProcessCalls.setChildSubreaper(false);
    }
  }

  @Test
  void statLinesWithHostileNamesAreRead() {
    String fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21";
    ProcessStat stat = ProcessStat.parse(5, ("5 (a) R 9 (b) " + fields).getBytes());
    assertEquals(777, stat.startTime());
    assertEquals(1, stat.parent());
    assertFalse(stat.isZombie());
  }

  @Test
  void idsAreRoots() {
    assertEquals(0, ProcessCalls.getuid() + ProcessCalls.geteuid());
    assertEquals(0, ProcessCalls.getgid() + ProcessCalls.getegid());
    int mask = ProcessCalls.umask(077);
    assertEquals(077, ProcessCalls.umask(mask));
  }
}
