package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.Mount;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.ImageConfig;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.resources.PossibleLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The attribute is kept by this kernel's file systems, whether or not SELinux looks at it. */
class SeLinuxTest {
  private static final String LABEL = "system_u:object_r:container_file_t:s0:c1,c2";

  private static String label(Path path) {
    return XattrCalls.get(RawPath.of(path), "security.selinux")
        .map(value -> new String(value, UTF_8))
        .orElse("");
  }

  @Test
  void aVolumeIsLabelledWithAllThatIsInItAndNothingThatItsLinksLeadTo(@TempDir Path directory)
      throws Exception {
    // Given
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path secret = Files.createFile(outside.resolve("secret"));
    Path volume = Files.createDirectory(directory.resolve("volume"));
    Path deep = Files.createDirectories(volume.resolve("a/b/c"));
    Path file = Files.createFile(deep.resolve("file"));
    Path link = Files.createSymbolicLink(volume.resolve("link"), outside);
    Files.createSymbolicLink(deep.resolve("file link"), secret);

    // When
    SeLinux.relabel(volume.toRealPath(), LABEL);
    SeLinux.relabel(volume.toRealPath(), LABEL);

    // Then
    for (Path path : List.of(volume, volume.resolve("a"), deep, file, link)) {
      assertEquals(LABEL + "\0", label(path), path.toString());
    }
    assertEquals("", label(outside));
    assertEquals("", label(secret));
  }

  @Test
  void aPathWithALinkIsNotFollowed(@TempDir Path directory) throws Exception {
    // Given
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), outside);

    // Then
    assertThrows(RuntimeException.class, () -> SeLinux.relabel(link, LABEL));
    assertEquals("", label(outside));
  }

  /** A volume over a file that the runtime itself provides is the user's all the same. */
  @Test
  void cve202143816OnlyWhatTheKubeletSaysIsRelabelled(@TempDir Path directory) throws Exception {
    // Given
    Path hosts = Files.createFile(directory.resolve("hosts"));
    Path resolvConf = Files.createFile(directory.resolve("resolv.conf"));
    Path shm = Files.createDirectory(directory.resolve("shm"));
    Mount.Builder mount =
        Mount.newBuilder()
            .setContainerPath("/etc/resolv.conf")
            .setHostPath(hosts.toRealPath().toString());
    var shared =
        new ContainerSpec.Shared(
            Map.of(),
            0,
            resolvConf.toRealPath(),
            directory.resolve("nothing"),
            shm.toRealPath(),
            Map.of(),
            Map.of(),
            "/c",
            new PossibleLimits(false, false, false),
            false,
            CriConfig.Handler.DEFAULT);

    // When
    spec(shared, mount);

    // Then
    assertEquals("", label(hosts));
    assertTrue(label(resolvConf).startsWith("system_u:object_r:container_file_t:"));
    spec(shared, mount.setSelinuxRelabel(true));
    assertEquals(label(resolvConf), label(hosts));
    assertThrows(
        InvalidArgumentException.class, () -> spec(shared, mount.setHostPath("/etc/passwd")));
  }

  private static void spec(ContainerSpec.Shared shared, Mount.Builder mount) {
    Pod pod =
        new Pod(
            "p",
            PodSandboxConfig.getDefaultInstance(),
            "runc",
            Sandboxer.PODSANDBOX,
            0,
            true,
            true,
            List.of(),
            Instant.EPOCH);
    ContainerConfig config = ContainerConfig.newBuilder().addCommand("sh").addMounts(mount).build();
    ImageConfig nothing =
        new ImageConfig(
            new Platform("linux", "amd64", "", "", List.of()),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            "",
            "",
            Map.of(),
            List.of(),
            List.of(),
            "");
    var image = new CriImage("i", List.of("n"), List.of(), nothing, "", 0, false);
    AppArmor none = new AppArmor(Path.of("/nonexistent"), List.of(), Path.of("/nonexistent"));
    new ContainerSpec(
            pod,
            config,
            image,
            shared,
            new CdiDevices(List.of()),
            new Confinement(none, new SeLinux(true)))
        .json(new ContainerUser(0, 0, List.of()));
  }

  @Test
  void theSystemsOwnDirectoriesAreRefused() {
    for (String path :
        List.of("/", "/etc", "/usr", "/usr/lib", "/var/lib", "/home", "/home/ann", "/proc")) {
      assertThrows(
          InvalidArgumentException.class, () -> SeLinux.relabel(Path.of(path), LABEL), path);
    }
  }

  @Test
  void eachPodHasCategoriesOfItsOwnUnlessItsKubeletChoosesThem() {
    SeLinux enabled = new SeLinux(true);
    PodSandboxConfig plain = PodSandboxConfig.getDefaultInstance();

    // When
    String level =
        enabled
            .withLevel(plain, List.of())
            .getLinux()
            .getSecurityContext()
            .getSelinuxOptions()
            .getLevel();

    // Then
    assertTrue(level.matches("s0:c\\d{1,4},c\\d{1,4}"), level);
    PodSandboxConfig.Builder chosen = PodSandboxConfig.newBuilder();
    chosen.getLinuxBuilder().getSecurityContextBuilder().getSelinuxOptionsBuilder().setLevel("s0");
    PodSandboxConfig own = chosen.build();
    assertSame(own, enabled.withLevel(own, List.of()));
    assertSame(plain, new SeLinux(false).withLevel(plain, List.of()));
  }

  @Test
  void labelsAreFilledUpAndHoldNothingElse() {
    SELinuxOption level = SELinuxOption.newBuilder().setLevel("s0:c4,c5").build();
    assertEquals("system_u:system_r:container_t:s0:c4,c5", SeLinux.processLabel(level));
    assertEquals("system_u:object_r:container_file_t:s0:c4,c5", SeLinux.mountLabel(level));
    SELinuxOption wrong = SELinuxOption.newBuilder().setLevel("s0\nx").build();
    assertThrows(InvalidArgumentException.class, () -> SeLinux.processLabel(wrong));
    SELinuxOption typed = SELinuxOption.newBuilder().setType("spc_t").build();
    assertEquals(
        "system_u:system_r:spc_t:s0:c4,c5", SeLinux.processLabel(SeLinux.options(typed, level)));
  }
}
