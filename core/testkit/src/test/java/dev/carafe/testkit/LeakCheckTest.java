package dev.carafe.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class LeakCheckTest {
  private static @Nullable Path last;
  private static @Nullable FileOutputStream leakedFile;
  private static CountDownLatch release = new CountDownLatch(1);

  @Test
  void tidyTestPassesAndItsDirectoryGoes() {
    SuiteRun run = SuiteRun.of(Tidy.class);
    assertEquals(Set.of(), run.failed());
    assertEquals(1, run.tests());
    assertFalse(Files.exists(last));
  }

  @Test
  void openFileIsFound() throws IOException {
    SuiteRun run = SuiteRun.of(LeavesFile.class);
    leakedFile.close();
    assertEquals(Set.of("leaves a file"), run.failed());
    assertTrue(run.message("leaves a file").contains("open file: "), run.message("leaves a file"));
    assertFalse(Files.exists(last));
  }

  @Test
  void threadIsFound() {
    SuiteRun run = SuiteRun.of(LeavesThread.class);
    release.countDown();
    assertEquals(Set.of("leaves a thread"), run.failed());
    assertEquals("left behind: thread: leaked by a test", run.message("leaves a thread"));
  }

  @Test
  void mountIsFoundAndTakenAway() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "not run as root");
    SuiteRun run = SuiteRun.of(LeavesMount.class);
    assertEquals(Set.of("leaves a mount"), run.failed());
    assertEquals("left behind: mount: " + last, run.message("leaves a mount"));
    assertFalse(Files.readString(Path.of("/proc/self/mountinfo")).contains(last.toString()));
    assertFalse(Files.exists(last));
  }

  @Test
  void resourcesAreClosedLastFirst() {
    StringBuilder order = new StringBuilder();
    WorkDirectory work = new WorkDirectory(Path.of("/nowhere"));
    work.closeLater(() -> order.append("1"));
    work.closeLater(() -> order.append("2"));
    try {
      work.closeAll();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    assertEquals("21", order.toString());
  }

  @ExtendWith(LeakCheck.class)
  static class Tidy {
    @Test
    void tidy(WorkDirectory work) throws IOException {
      last = work.path();
      Files.writeString(Files.createDirectories(last.resolve("a/b")).resolve("c"), "x");
      work.closeLater(Files.newOutputStream(last.resolve("open until later")));
    }
  }

  @ExtendWith(LeakCheck.class)
  static class LeavesFile {
    @Test
    @DisplayName("leaves a file")
    void leavesFile(WorkDirectory work) throws IOException {
      last = work.path();
      leakedFile = new FileOutputStream(last.resolve("leak").toFile());
    }
  }

  @ExtendWith(LeakCheck.class)
  static class LeavesThread {
    @Test
    @DisplayName("leaves a thread")
    void leavesThread() {
      Thread.ofPlatform()
          .name("leaked by a test")
          .daemon(false)
          .start(() -> {
            try {
              release.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }

  @ExtendWith(LeakCheck.class)
  static class LeavesMount {
    @Test
    @DisplayName("leaves a mount")
    void leavesMount(WorkDirectory work) throws Exception {
      last = Files.createDirectory(work.path().resolve("mounted"));
      int exit =
          new ProcessBuilder("mount", "-t", "tmpfs", "none", last.toString())
              .inheritIO()
              .start()
              .waitFor();
      assertEquals(0, exit);
    }
  }
}
