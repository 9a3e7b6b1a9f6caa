package dev.carafe.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
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
  void labelsAndProgramsAreWrittenOnlyWhereThereAreAny() {
    JsonObject plain = json(new RuntimeSpec("/c", false));
    assertFalse(plain.has("hooks") || plain.object("process").has("apparmorProfile"));
    JsonObject full =
        json(
            new RuntimeSpec("/c", false)
                .hook("poststop", Map.of("path", "/bin/x"))
                .appArmorProfile("p")
                .selinux("u:r:t:s0", "u:o:f:s0")
                .additionalGid(7));
    assertEquals("/bin/x", full.object("hooks").objects("poststop").getFirst().text("path"));
    assertEquals("p", full.object("process").text("apparmorProfile"));
    assertEquals("u:r:t:s0", full.object("process").text("selinuxLabel"));
    assertEquals("u:o:f:s0", full.object("linux").text("mountLabel"));
    assertEquals(
        List.of(0L, 7L), full.object("process").object("user").members().get("additionalGids"));
  }
}
