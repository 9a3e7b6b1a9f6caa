package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TreeRemoverTest {
  private final Sandbox box = new Sandbox();

  @AfterEach
  void cleanUp() {
    box.close();
  }

  @Test
  void removesFilesLinksAndDirectoriesAndFollowsNothing() {
    box.create("keep").close();
    PathCalls.mkdirat(box.dir, RawPath.of("t"), 0);
    PathCalls.mkdirat(box.dir, RawPath.of("t/sub"), 0700);
    PathCalls.symlinkat(RawPath.of(".."), box.dir, RawPath.of("t/sub/up"));
    PathCalls.mkfifoat(box.dir, RawPath.of("t/fifo"), 0600);
    PathCalls.openat(box.dir, RawPath.of(new byte[] {'t', '/', (byte) 0xfe}), OpenFlags.CREAT, 0600)
        .close();
    TreeRemover.remove(box.dir, RawPath.of("t"));
    TreeRemover.remove(box.dir, RawPath.of("t"));
    assertEquals(
        List.of("keep"),
        DirectoryReader.list(box.dir, 9).stream().map(e -> e.name().toString()).toList());
  }

  @Test
  void depthCostsNeitherStackNorDescriptors() {
    int depth = 3000;
    RawPath name = RawPath.of("d");
    Fd current = FileCalls.duplicate(box.dir, 0);
    for (int i = 0; i < depth; i++) {
      PathCalls.mkdirat(current, name, 0700);
      Fd next = PathCalls.openat(current, name, OpenFlags.PATH, 0);
      current.close();
      current = next;
    }
    current.close();
    int before = Sandbox.openDescriptors();
    TreeRemover.remove(box.path.resolve("d"));
    assertEquals(before, Sandbox.openDescriptors());
    assertTrue(DirectoryReader.list(box.dir, 1).isEmpty());
  }

  @Test
  void onlyASingleNameIsAccepted() {
    for (String name : new String[] {"", ".", "..", "a/b", "/"}) {
      assertThrows(
          IllegalArgumentException.class, () -> TreeRemover.remove(box.dir, RawPath.of(name)));
    }
  }

  @Test
  void aMissingParentIsNoError() {
    TreeRemover.remove(box.path.resolve("no/such/tree"));
  }

  @Test
  void mountsAreLeftAlone() {
    try (Fd root = PathCalls.openat(Fd.CWD, RawPath.of("/"), OpenFlags.PATH, 0)) {
      assertErrno(Errno.EXDEV, () -> TreeRemover.remove(root, RawPath.of("proc")));
    }
  }
}
