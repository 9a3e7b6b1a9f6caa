package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class XattrCallsTest {
  private final Sandbox box = new Sandbox();

  @AfterEach
  void cleanUp() {
    box.close();
  }

  @Test
  void attributesOfAnOpenFile() {
    try (Fd fd = box.create("f")) {
      checkRoundTrip(fd, "trusted.carafe");
    }
  }

  @Test
  void attributesThroughAnOPathDescriptor() {
    box.create("f").close();
    try (Fd fd = box.openPath("f")) {
      checkRoundTrip(fd, "trusted.carafe");
    }
  }

  @Test
  void attributesOfASymbolicLinkItself() {
    box.create("f").close();
    PathCalls.symlinkat(RawPath.of("f"), box.dir, RawPath.of("l"));
    try (Fd link = box.openPath("l");
        Fd file = box.openPath("f")) {
      checkRoundTrip(link, "trusted.carafe");
      XattrCalls.set(RawPath.under(box.dir, RawPath.of("l")), "trusted.x", new byte[] {1}, 0);
      assertTrue(XattrCalls.get(link, "trusted.x").isPresent());
      assertFalse(XattrCalls.get(file, "trusted.x").isPresent());
    }
  }

  private static void checkRoundTrip(Fd fd, String name) {
    byte[] value = {0, 1, 2, (byte) 0xff};
    assertTrue(XattrCalls.get(fd, name).isEmpty());
    XattrCalls.set(fd, name, value, XattrCalls.CREATE);
    assertErrno(Errno.EEXIST, () -> XattrCalls.set(fd, name, value, XattrCalls.CREATE));
    assertArrayEquals(value, XattrCalls.get(fd, name).orElseThrow());
    assertEquals(List.of(name), XattrCalls.list(fd));
    XattrCalls.remove(fd, name);
    assertErrno(Errno.ENODATA, () -> XattrCalls.remove(fd, name));
    assertErrno(Errno.ENODATA, () -> XattrCalls.set(fd, name, value, XattrCalls.REPLACE));
    assertEquals(List.of(), XattrCalls.list(fd));
  }

  @Test
  void attributesByPath() {
    box.create("f").close();
    RawPath path = RawPath.of(box.path.resolve("f"));
    XattrCalls.set(path, "trusted.empty", new byte[0], 0);
    assertEquals(0, XattrCalls.get(path, "trusted.empty").orElseThrow().length);
    assertEquals(List.of("trusted.empty"), XattrCalls.list(path));
    XattrCalls.remove(path, "trusted.empty");
    assertTrue(XattrCalls.get(path, "trusted.empty").isEmpty());
    assertErrno(Errno.ENOENT, () -> XattrCalls.get(RawPath.of("/no/such"), "trusted.a"));
  }

  @Test
  void fileCapabilitiesSurviveAfterChown() {
    try (Fd fd = box.create("f")) {
      byte[] netRaw = new byte[20];
      netRaw[0] = 1;
      netRaw[3] = 2;
      netRaw[5] = 0x20;
      FileCalls.fchown(fd, 1, 1);
      XattrCalls.set(fd, "security.capability", netRaw, 0);
      assertArrayEquals(netRaw, XattrCalls.get(fd, "security.capability").orElseThrow());
    }
  }

  @Test
  void valuesBeyondTheKernelsLimitAreRefused() {
    try (Fd fd = box.create("f")) {
      assertErrno(Errno.E2BIG, () -> XattrCalls.set(fd, "trusted.big", new byte[65537], 0));
    }
  }
}
