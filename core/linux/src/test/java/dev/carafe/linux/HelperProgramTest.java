package dev.carafe.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HelperProgramTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int LIMIT = 1024;

  @TempDir Path directory;
  private final HelperProgram helpers = new HelperProgram();

  @AfterEach
  void close() {
    helpers.close();
  }

  private Path script(String... lines) throws IOException {
    Path script = directory.resolve("helper");
    Files.writeString(script, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  private HelperProgram.Result run(Path program, String input, Duration atMost) throws Exception {
    return helpers.run(program, List.of("a b", "c"), input.getBytes(UTF_8), atMost, LIMIT);
  }

  @Test
  void aProgramGetsArgumentsAndInputAndAnswers() throws Exception {
    Path program = script("echo \"$#:$1:$2\"; cat; echo oh >&2; exit 7");

    HelperProgram.Result result = run(program, "in", PATIENCE);

    assertEquals("2:a b:c\nin", result.text());
    assertEquals("oh\n", result.errorText());
    assertEquals(new ExitStatus(7, 0), result.exit());
    assertFalse(result.succeeded());
  }

  @Test
  void aProgramThatWantsNoInputIsFine() throws Exception {
    assertTrue(run(script("exit 0"), "x".repeat(30_000), PATIENCE).succeeded());
  }

  @Test
  void anEnvironmentOfItsOwnAndMuchInputReachAProgram() throws Exception {
    Path program = script("echo \"$MINE:$HOME\"; wc -c");
    byte[] input = "x".repeat(300_000).getBytes(UTF_8);

    HelperProgram.Result result =
        helpers.run(
            program, List.of(), List.of("MINE=1", "PATH=/usr/bin:/bin"), input, PATIENCE, LIMIT);

    assertEquals("1:\n300000\n", result.text());
  }

  @Test
  void outputBeyondTheLimitIsThrownAway() throws Exception {
    Path program = script("head -c 5000000 /dev/zero | tr '\\0' x; echo end >&2");

    HelperProgram.Result result = run(program, "", PATIENCE);

    assertTrue(result.succeeded());
    assertEquals(LIMIT, result.output().length);
    assertEquals("end\n", result.errorText());
  }

  @Test
  void whenTimeIsUpTheWholeGroupIsDead() throws Exception {
    Path child = directory.resolve("child");
    Path program = script("sleep 1000 & echo $! > " + child + "; cat; wait");

    assertThrows(TimeoutException.class, () -> run(program, "", Duration.ofSeconds(1)));

    awaitGone(child);
  }

  @Test
  void whatAProgramLeavesBehindInItsGroupIsKilled() throws Exception {
    Path child = directory.resolve("child");
    Path program = script("sleep 1000 & echo $! > " + child, "echo done");

    assertEquals("done\n", run(program, "", PATIENCE).text());

    awaitGone(child);
  }

  @Test
  void whoLeavesTheGroupAndHoldsTheOutputDelaysTheAnswerOnlyBriefly() throws Exception {
    Path child = directory.resolve("child");
    Path program = script("setsid sh -c 'echo $$ > " + child + "; exec sleep 30' &", "echo done");

    HelperProgram.Result result = run(program, "", PATIENCE);

    assertEquals("done\n", result.text());
    if (Files.exists(child)) {
      ProcessHandle.of(Long.parseLong(Files.readString(child).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void anInterruptKillsIt() throws Exception {
    Path program = script("exec sleep 1000");
    Thread.currentThread().interrupt();

    assertThrows(InterruptedException.class, () -> run(program, "", PATIENCE));
  }

  @Test
  void whatCannotBeExecutedSaysSo() {
    Path missing = directory.resolve("missing");

    ErrnoException failure = assertThrows(ErrnoException.class, () -> run(missing, "", PATIENCE));

    assertTrue(failure.is(Errno.ENOENT));
  }

  @Test
  void onlyProgramsThatNobodyElseCanReplaceAreTrusted() throws IOException {
    Path program = script("exit 0");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertNull(TrustedProgram.objection(program));

    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxrwxr-x"));
    assertNotNull(TrustedProgram.objection(program));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
    assertNotNull(TrustedProgram.objection(program));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertNotNull(TrustedProgram.objection(program));
    assertNotNull(TrustedProgram.objection(directory));
    assertNotNull(TrustedProgram.objection(directory.resolve("missing")));
  }

  private static void awaitGone(Path pidFile) throws IOException {
    long pid = Long.parseLong(Files.readString(pidFile).strip());
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (alive(pid) && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
    assertFalse(alive(pid), "process " + pid + " still runs");
  }

  /** A zombie that nobody reaps is as good as gone. */
  private static boolean alive(long pid) throws IOException {
    Path stat = Path.of("/proc/" + pid + "/stat");
    return Files.exists(stat) && !Files.readString(stat).contains(") Z ");
  }
}
