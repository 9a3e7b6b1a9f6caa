package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountOptionsTest {
  private static MountOptions parse(String type, String... options) {
    return MountOptions.parse(type, List.of(options));
  }

  @Test
  void wordsBecomeFlagsAndTheRestIsData() {
    MountOptions options =
        parse("tmpfs", "ro", "nosuid", "nodev", "noexec", "size=1m", "mode=755", "", "x-mine");
    assertEquals(
        MountFlags.RDONLY | MountFlags.NOSUID | MountFlags.NODEV | MountFlags.NOEXEC,
        options.flags());
    assertEquals(List.of("size=1m", "mode=755"), options.data());
    assertEquals(
        MountFlags.ATTR_RDONLY
            | MountFlags.ATTR_NOSUID
            | MountFlags.ATTR_NODEV
            | MountFlags.ATTR_NOEXEC,
        options.attributes());
  }

  @Test
  void theLastWordWins() {
    assertFalse(parse("bind", "ro", "rw").isReadOnly());
    assertTrue(parse("bind", "rw", "ro").isReadOnly());
    assertEquals(0, parse("tmpfs", "nosuid", "suid", "defaults").flags());
  }

  @Test
  void bindIsATypeOrAnOption() {
    assertTrue(parse("bind").isBind());
    assertTrue(parse("none", "bind").isBind());
    assertTrue(parse("", "rbind").isRecursive());
    assertTrue(parse("rbind").isRecursive());
    assertFalse(parse("bind", "rw").changesAttributes());
    assertTrue(parse("bind", "rro").changesAttributes());
    assertTrue(parse("bind", "relatime").changesAttributes());
  }

  @Test
  void propagationKeepsItsOrder() {
    assertEquals(
        List.of(MountFlags.SLAVE | MountFlags.REC, MountFlags.SHARED),
        parse("bind", "rslave", "shared").propagation());
  }

  @Test
  void overlayLayersAreSplitAndUnescaped() {
    OverlayOptions overlay =
        OverlayOptions.parse(
            List.of(
                "index=off",
                "userxattr",
                "lowerdir=/a\\:1:/b\\\\:/c\\,d::/data",
                "upperdir=/u\\:p",
                "workdir=/w:x"));
    assertEquals(
        List.of("/a:1", "/b\\", "/c,d"), overlay.lower().stream().map(RawPath::toString).toList());
    assertEquals(List.of("/data"), overlay.data().stream().map(RawPath::toString).toList());
    assertEquals(RawPath.of("/u:p"), overlay.upper());
    assertEquals(RawPath.of("/w:x"), overlay.work());
    assertEquals(List.of("index=off", "userxattr"), overlay.settings());
    assertNull(OverlayOptions.parse(List.of("lowerdir=/a:/b")).upper());
  }
}
