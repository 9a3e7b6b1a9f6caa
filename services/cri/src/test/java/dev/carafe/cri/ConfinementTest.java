package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.api.cri.v1.SecurityProfile.ProfileType;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfinementTest {
  private static final LinuxContainerSecurityContext NONE =
      LinuxContainerSecurityContext.getDefaultInstance();

  private static LinuxContainerSecurityContext local(String profile) {
    return LinuxContainerSecurityContext.newBuilder()
        .setApparmor(
            SecurityProfile.newBuilder()
                .setProfileType(ProfileType.Localhost)
                .setLocalhostRef(profile))
        .build();
  }

  private static LinuxContainerSecurityContext old(String profile) {
    return LinuxContainerSecurityContext.newBuilder().setApparmorProfile(profile).build();
  }

  @Test
  void aProfileThatIsLoadedIsUsedAndOneThatIsNotIsRefused() {
    Set<String> loaded = Set.of("mine", "cri-containerd.apparmor.d");
    assertEquals("mine", Confinement.appArmor(local("mine"), true, loaded));
    assertEquals("mine", Confinement.appArmor(old("localhost/mine"), true, loaded));
    assertEquals("cri-containerd.apparmor.d", Confinement.appArmor(NONE, true, loaded));
    assertEquals("unconfined", Confinement.appArmor(old("unconfined"), true, loaded));
    assertThrows(
        InvalidArgumentException.class, () -> Confinement.appArmor(local("other"), true, loaded));
  }

  @Test
  void theNewerFieldWins() {
    LinuxContainerSecurityContext both =
        local("mine").toBuilder().setApparmorProfile("unconfined").build();
    assertEquals("mine", Confinement.appArmor(both, true, Set.of("mine")));
  }

  @Test
  void withoutAppArmorOnlyWhatNeedsNoneIsTaken() {
    assertEquals("", Confinement.appArmor(NONE, false, Set.of()));
    assertEquals("", Confinement.appArmor(old("runtime/default"), false, Set.of()));
    assertThrows(
        InvalidArgumentException.class, () -> Confinement.appArmor(local("mine"), false, Set.of()));
  }

  @Test
  void theOldFieldTakesNoNameWithoutItsKind() {
    Set<String> loaded = Set.of("mine");
    for (String wrong : List.of("mine", "localhost/", "localhost/unconfined", "localhost/a\nb")) {
      assertThrows(
          InvalidArgumentException.class,
          () -> Confinement.appArmor(old(wrong), true, loaded),
          wrong);
    }
    LinuxContainerSecurityContext privileged = NONE.toBuilder().setPrivileged(true).build();
    assertEquals("unconfined", Confinement.appArmor(privileged, true, loaded));
  }
}
