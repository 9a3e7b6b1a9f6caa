package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runtimes other than the default. */
@ExtendWith(LeakCheck.class)
class OtherRuntimeIT {
  private static final String IMAGE = ImageStock.busybox().name();
  private static final Path HYBRID = Path.of("/sys/fs/cgroup/unified");

  /**
   * crun. Version 1.8 refuses a machine on which an empty cgroup version 2 hierarchy is mounted
   * beside version 1: there it gets a mount namespace without it.
   */
  private static Path crun(Lab lab) throws IOException {
    Path crun = Setup.tool("crun");
    if (!Files.isDirectory(HYBRID)) {
      return crun;
    }
    Path script = lab.work().resolve("crun");
    Files.writeString(
        script,
        """
        #!/bin/sh
        exec unshare --mount sh -c 'umount %s; exec %s "$@"' crun "$@"
        """
            .formatted(HYBRID, crun));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }

  private static TestDaemon daemon(Lab lab) throws IOException {
    TestDaemon daemon = lab.daemon("[runtimes.crun]\nbinary = \"" + crun(lab) + "\"\n");
    daemon.carafe().ok("pull", "--quiet", IMAGE);
    return daemon;
  }

  @Test
  void crunRunsContainers(Lab lab) throws IOException {
    Carafe carafe = daemon(lab).carafe();
    Result result =
        carafe.run("run", "--rm", "--runtime", "crun", IMAGE, "c1", "sh", "-c", "echo out; exit 4");
    assertEquals("out\n", result.code(4).out());
    carafe.ok("run", "-d", "--runtime", "crun", IMAGE, "c2", "sleep", "1000");
    assertEquals("in\n", carafe.ok("tasks", "exec", "c2", "echo", "in"));
    carafe.ok("tasks", "pause", "c2");
    carafe.ok("tasks", "resume", "c2");
    carafe.ok("tasks", "kill", "-s", "KILL", "c2");
    carafe.run("tasks", "wait", "c2").code(137);
    carafe.ok("tasks", "rm", "c2");
  }

  @Test
  void bothRuntimesWorkSideBySideAndOverARestart(Lab lab) throws IOException {
    TestDaemon daemon = daemon(lab);
    Carafe carafe = daemon.carafe();
    carafe.ok("run", "-d", "--runtime", "crun", IMAGE, "c1", "sleep", "1000");
    carafe.ok("run", "-d", "--runtime", "runc", IMAGE, "c2", "sleep", "1000");
    daemon.kill();
    daemon.start();
    assertEquals("1\n", carafe.ok("tasks", "exec", "c1", "echo", "1"));
    assertEquals("2\n", carafe.ok("tasks", "exec", "c2", "echo", "2"));
  }

  @Test
  void runtimeThatIsNotConfiguredIsNamed(Lab lab) {
    Carafe carafe = lab.daemonWithBusybox().carafe();
    String error =
        carafe.run("run", "--rm", "--runtime", "nope", IMAGE, "c1", "true").oneLineError();
    assertTrue(error.contains("nope"), error);
    assertEquals("", carafe.ok("containers", "ls", "-q"));
  }

  @Test
  void runtimeBinaryThatIsMissingIsNamed(Lab lab) {
    TestDaemon daemon = lab.daemon("[runtimes.gone]\nbinary = \"/nowhere/gone\"\n");
    daemon.carafe().ok("pull", "--quiet", IMAGE);
    String error =
        daemon.carafe().run("run", "--rm", "--runtime", "gone", IMAGE, "c1", "true").oneLineError();
    assertTrue(error.contains("/nowhere/gone"), error);
  }
}
