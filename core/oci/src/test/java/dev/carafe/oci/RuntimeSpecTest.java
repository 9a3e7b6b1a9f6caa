package dev.carafe.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RuntimeSpecTest {
  private static JsonObject json(RuntimeSpec spec) {
    return Json.object("spec", spec.args(List.of("sh")).json());
  }

  @Test
  void ghsa7ww54wqcM92cFiguresOfPowerAreHidden() {
    JsonObject linux = json(new RuntimeSpec("/c", false)).object("linux");
    assertTrue(linux.texts("maskedPaths").contains("/sys/devices/virtual/powercap"));
  }

  @Test
  void cve202224769NothingIsInheritable() {
    JsonObject process = json(new RuntimeSpec("/c", false)).object("process");
    assertEquals(List.of(), process.object("capabilities").texts("inheritable"));
    assertTrue(process.flag("noNewPrivileges"));
  }

  @Test
  void theDefaultProfileFollowsTheCapabilitiesWhateverTheOrder() {
    RuntimeSpec spec = new RuntimeSpec("/c", false).defaultSeccomp().addCapability("SYS_ADMIN");
    assertTrue(
        json(spec).object("linux").object("seccomp").objects("syscalls").stream()
            .anyMatch(rule -> rule.texts("names").contains("mount")));
  }

  @Test
  void labelsAreWrittenOnlyWhereThereAreAny() {
    JsonObject plain = json(new RuntimeSpec("/c", false));
    assertFalse(plain.object("process").has("apparmorProfile"));
    JsonObject full =
        json(new RuntimeSpec("/c", false).appArmorProfile("p").selinux("u:r:t:s0", "u:o:f:s0"));
    assertEquals("p", full.object("process").text("apparmorProfile"));
    assertEquals("u:r:t:s0", full.object("process").text("selinuxLabel"));
    assertEquals("u:o:f:s0", full.object("linux").text("mountLabel"));
  }
}
