package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountInfoTest {
  private static MountInfo parse(String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    return MountInfo.parse(bytes, 0, bytes.length);
  }

  @Test
  void everyFieldIsRead() {
    MountInfo mount =
        parse(
            "36 35 98:12 /mnt1 /mnt\\0402\\134x ro,noatime shared:1 master:2 - ext3 /dev/root\\011"
                + " rw,errors=continue");
    assertEquals(36, mount.id());
    assertEquals(35, mount.parentId());
    assertEquals(98, mount.major());
    assertEquals(12, mount.minor());
    assertEquals("/mnt1", mount.root().toString());
    assertEquals("/mnt 2\\x", mount.mountPoint().toString());
    assertTrue(mount.hasOption("ro"));
    assertEquals(List.of("shared:1", "master:2"), mount.tags());
    assertEquals("ext3", mount.type());
    assertEquals("/dev/root\t", mount.source().toString());
    assertEquals("rw,errors=continue", mount.superOptions());
  }

  @Test
  void emptySourceAndNoTagsAreFine() {
    MountInfo mount = parse("1 0 0:1 / / rw - rootfs  rw");
    assertEquals(List.of(), mount.tags());
    assertEquals("", mount.source().toString());
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(IllegalStateException.class, () -> parse("1 0 0:1 / / rw rootfs none rw"));
  }

  @Test
  void theKernelsOwnListIsRead() {
    List<MountInfo> mounts = MountInfo.list();
    assertTrue(mounts.stream().anyMatch(m -> m.mountPoint().equals(RawPath.of("/"))));
    assertTrue(
        MountInfo.atOrBelow(RawPath.of("/proc")).stream().anyMatch(m -> m.type().equals("proc")));
  }
}
