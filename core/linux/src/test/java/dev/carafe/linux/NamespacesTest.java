package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NamespacesTest {
  private static RawPath namespace(String kind) {
    return PathCalls.readlinkat(Fd.CWD, RawPath.of("/proc/thread-self/ns/" + kind));
  }

  @Test
  void mountsInANewNamespaceStayThere() {
    RawPath place = RawPath.of("/mnt");
    int before = MountInfo.atOrBelow(place).size();
    int inside =
        Namespaces.inNew(
            Namespaces.NEWNS,
            () -> {
              MountCalls.kernel().mount(RawPath.of("x"), place, "tmpfs", 0, RawPath.of("size=1m"));
              return MountInfo.atOrBelow(place).size();
            });
    assertEquals(before + 1, inside);
    assertEquals(before, MountInfo.atOrBelow(place).size());
  }

  @Test
  void anotherNamespaceIsEnteredAndLeft() {
    RawPath here = namespace("net");
    try (Fd other =
        Namespaces.inNew(
            Namespaces.NEWNET,
            () -> PathCalls.open(Path.of("/proc/thread-self/ns/net"), OpenFlags.RDONLY, 0))) {
      RawPath there = Namespaces.in(other, Namespaces.NEWNET, () -> namespace("net"));
      assertNotEquals(here, there);
      assertErrno(Errno.EINVAL, () -> Namespaces.in(other, Namespaces.NEWNS, () -> there));
    }
    assertEquals(here, namespace("net"));
  }

  @Test
  void mountNamespacesCanBeEntered() {
    try (Fd own = PathCalls.open(Path.of("/proc/self/ns/mnt"), OpenFlags.RDONLY, 0)) {
      assertEquals(namespace("mnt"), Namespaces.in(own, Namespaces.NEWNS, () -> namespace("mnt")));
    }
  }

  @Test
  void failuresComeBack() {
    assertThrows(
        IllegalStateException.class,
        () ->
            Namespaces.inNew(
                0,
                () -> {
                  throw new IllegalStateException("mine");
                }));
  }
}
