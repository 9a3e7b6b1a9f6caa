package dev.carafe.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeccompProfileTest {
  private static JsonObject profile(String... capabilities) {
    var json = Json.bytes(SeccompProfile.ofDefault(List.of(capabilities), "amd64"));
    return Json.object("profile", json);
  }

  /** The conditions under which a system call is allowed; one that is empty for always. */
  private static List<List<JsonObject>> allowed(JsonObject profile, String name) {
    return profile.objects("syscalls").stream()
        .filter(rule ->
            rule.text("action").equals("SCMP_ACT_ALLOW") && rule.texts("names").contains(name))
        .map(rule -> rule.objects("args"))
        .toList();
  }

  private static boolean always(JsonObject profile, String name) {
    return allowed(profile, name).stream().anyMatch(List::isEmpty);
  }

  @Test
  void whatIsNotListedIsForbidden() {
    JsonObject profile = profile("CAP_CHOWN");
    assertEquals("SCMP_ACT_ERRNO", profile.text("defaultAction"));
    assertTrue(always(profile, "openat2"));
    for (String name :
        List.of(
            "mount",
            "unshare",
            "setns",
            "bpf",
            "reboot",
            "keyctl",
            "kexec_load",
            "init_module",
            "open_by_handle_at",
            "userfaultfd",
            "io_uring_setup")) {
      assertTrue(allowed(profile, name).isEmpty(), name);
    }
  }

  @Test
  void aCapabilityBringsItsSystemCalls() {
    assertTrue(always(profile("CAP_SYS_ADMIN"), "mount"));
    assertTrue(always(profile("CAP_SYS_ADMIN"), "clone3"));
    assertTrue(always(profile("CAP_SYS_TIME"), "clock_settime"));
    assertFalse(always(profile("CAP_SYS_TIME"), "mount"));
  }

  @Test
  void withoutTheCapabilityNoNamespaceIsMade() {
    JsonObject profile = profile();
    List<List<JsonObject>> clone = allowed(profile, "clone");
    assertEquals(1, clone.size());
    assertEquals(0x7e020000L, clone.getFirst().getFirst().number("value", 0));
    JsonObject clone3 =
        profile.objects("syscalls").stream()
            .filter(rule -> rule.texts("names").contains("clone3"))
            .findFirst()
            .orElseThrow();
    assertEquals(38, clone3.number("errnoRet", 0));
  }

  @Test
  void socketsOfTheHostsMachineAndOfTheKernelsCryptographyAreForbidden() {
    List<List<JsonObject>> rules = allowed(profile(), "socket");
    for (long family : List.of(1L, 2L, 10L, 16L, 39L, 44L)) {
      assertTrue(matches(rules, family), () -> "family " + family);
    }
    assertFalse(matches(rules, 38), "AF_ALG");
    assertFalse(matches(rules, 40), "AF_VSOCK");
  }

  private static boolean matches(List<List<JsonObject>> rules, long family) {
    return rules.stream()
        .anyMatch(rule -> {
          JsonObject condition = rule.getFirst();
          long value = condition.number("value", 0);
          return switch (condition.text("op")) {
            case "SCMP_CMP_LT" -> family < value;
            case "SCMP_CMP_EQ" -> family == value;
            case "SCMP_CMP_GT" -> family > value;
            default -> false;
          };
        });
  }

  @Test
  void thirtyTwoBitProgramsAreUnderTheSameRules() {
    assertEquals(
        List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
        profile().texts("architectures"));
  }
}
