package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.oci.Json;
import dev.carafe.oci.RuntimeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With files in place of the kernel's, and a parser that only writes the profile's name. */
class AppArmorTest {
  @TempDir private Path directory;
  private AppArmor appArmor;

  @BeforeEach
  void make() throws IOException {
    Path sys = directory.resolve("sys");
    Files.createDirectories(sys.resolve("module/apparmor/parameters"));
    Files.createDirectories(sys.resolve("kernel/security/apparmor"));
    Files.writeString(sys.resolve("module/apparmor/parameters/enabled"), "Y\n");
    Files.writeString(profiles(), "mine (enforce)\n/usr/bin/odd (name) (complain)\n");
    appArmor =
        new AppArmor(
            sys, List.of(Path.of("/nonexistent"), parser()), directory.resolve("apparmor.d"));
  }

  private Path profiles() {
    return directory.resolve("sys/kernel/security/apparmor/profiles");
  }

  private Path parser() {
    return directory.resolve("apparmor_parser");
  }

  private void parser(String script) throws IOException {
    Files.writeString(parser(), "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(parser(), PosixFilePermissions.fromString("rwx------"));
  }

  private void loadingParser() throws IOException {
    parser(
        """
        [ "$1" = -Kr ] || exit 1
        sed -n 's/^profile \\([^ ]*\\) .*/\\1 (enforce)/p' >> '%s'
        echo x >> '%s'
        """
            .formatted(profiles(), directory.resolve("runs")));
  }

  private String profileOf(LinuxContainerSecurityContext security) {
    RuntimeSpec spec = new RuntimeSpec("/c", false).args(List.of("sh"));
    new Confinement(appArmor, new SeLinux(false))
        .apply(spec, security, SELinuxOption.getDefaultInstance());
    return Json.object("spec", spec.json()).object("process").text("apparmorProfile");
  }

  @Test
  void theDefaultProfileIsLoadedOnceForContainersThatSayNothing() throws Exception {
    // Given
    loadingParser();

    // When
    String first = profileOf(LinuxContainerSecurityContext.getDefaultInstance());
    String second = profileOf(LinuxContainerSecurityContext.getDefaultInstance());

    // Then
    assertEquals("cri-containerd.apparmor.d", first);
    assertEquals(first, second);
    assertEquals("x\n", Files.readString(directory.resolve("runs")));
    assertEquals(
        Set.of("mine", "/usr/bin/odd (name)", "cri-containerd.apparmor.d"), appArmor.loaded());
  }

  @Test
  void withoutAParserOrWithOneThatFailsContainersRunWithoutIt() throws Exception {
    assertEquals("", profileOf(LinuxContainerSecurityContext.getDefaultInstance()));

    // When
    parser("echo 'syntax error' >&2; exit 1\n");

    // Then
    assertEquals("", profileOf(LinuxContainerSecurityContext.getDefaultInstance()));
    assertFalse(appArmor.loaded().contains(AppArmor.DEFAULT));
  }

  @Test
  void aKernelWithoutItIsLeftAlone() throws Exception {
    // Given
    loadingParser();
    Files.writeString(directory.resolve("sys/module/apparmor/parameters/enabled"), "N\n");

    // Then
    assertFalse(appArmor.enabled());
    assertEquals("", profileOf(LinuxContainerSecurityContext.getDefaultInstance()));
    assertFalse(Files.exists(directory.resolve("runs")));
  }

  @Test
  void theProfileIncludesTheDistributionsPartsOnlyWhereTheyAre() throws Exception {
    String bare = appArmor.profile("unconfined");
    assertTrue(bare.startsWith("@{PROC}=/proc/"), bare);
    assertFalse(bare.contains("#include"), bare);

    // When
    Files.createDirectories(directory.resolve("apparmor.d/tunables"));
    Files.createDirectories(directory.resolve("apparmor.d/abstractions"));
    Files.createFile(directory.resolve("apparmor.d/tunables/global"));
    Files.createFile(directory.resolve("apparmor.d/abstractions/base"));
    String whole = appArmor.profile("/usr/bin/carafed");

    // Then
    assertTrue(whole.contains("#include <tunables/global>"), whole);
    assertTrue(whole.contains("#include <abstractions/base>"), whole);
    assertTrue(whole.contains("signal (receive) peer=/usr/bin/carafed,"), whole);
    assertTrue(whole.contains("deny mount,"), whole);
  }

  @Test
  void allButSomePathsIsDeniedWhereTheyAreLeft() {
    StringBuilder text = new StringBuilder();
    AppArmor.denyAllBut(text, "/s/", List.of("ab/c", "ad"), "w");
    assertEquals(
        List.of("deny /s/[^a]** w,", "deny /s/a[^bd]** w,", "deny /s/ab/[^c]** w,"),
        text.toString().lines().map(String::strip).toList());
  }
}
