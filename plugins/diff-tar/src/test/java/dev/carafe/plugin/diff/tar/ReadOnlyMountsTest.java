package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.mounts.Mount;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadOnlyMountsTest {
  private static List<String> readOnly(String... options) {
    Mount mount = new Mount("overlay", "overlay", List.of(options));
    return ReadOnlyMounts.of(List.of(mount)).getFirst().options();
  }

  @Test
  void anUpperDirectoryBecomesTheTopmostLowerOne() {
    assertEquals(
        List.of("index=off", "lowerdir=/u:/b:/a"),
        readOnly("index=off", "volatile", "workdir=/w", "upperdir=/u", "lowerdir=/b:/a"));
    assertEquals(
        List.of("lowerdir+=/u", "lowerdir+=/b", "lowerdir+=/a"),
        readOnly("upperdir=/u", "workdir=/w", "lowerdir+=/b", "lowerdir+=/a"));
    assertEquals(List.of("lowerdir=/u\\:x:/a"), readOnly("upperdir=/u:x", "lowerdir=/a"));
  }

  @Test
  void otherMountsStayAsTheyAre() {
    assertEquals(List.of("lowerdir=/b:/a"), readOnly("lowerdir=/b:/a"));
    Mount bind = new Mount("bind", "/x", List.of("rbind", "rw"));
    assertEquals(List.of(bind), ReadOnlyMounts.of(List.of(bind)));
  }
}
