package dev.carafe.cri;

import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.util.Set;

/**
 * AppArmor's profiles and SELinux's labels, where the kernel has them.
 *
 * @param selinux what this kernel has of it
 */
record Confinement(AppArmor appArmor, SeLinux selinux) {
  private static final String LOCALHOST = "localhost/";
  private static final String UNCONFINED = "unconfined";

  static Confinement ofThisMachine() {
    return new Confinement(AppArmor.OF_THIS_MACHINE, SeLinux.ofThisMachine());
  }

  /**
   * Confines a container.
   *
   * @param options SELinux's, those of its pod among them
   */
  void apply(RuntimeSpec spec, LinuxContainerSecurityContext security, SELinuxOption options) {
    boolean enabled = appArmor.enabled();
    String profile = appArmor(security, enabled, enabled ? appArmor.withDefault() : Set.of());
    if (!profile.isEmpty()) {
      spec.appArmorProfile(profile);
    }
    if (selinux.enabled() && !security.getPrivileged()) {
      spec.selinux(SeLinux.processLabel(options), SeLinux.mountLabel(options));
    }
  }

  /** Labels what a container is given, if it is confined by labels. */
  void relabel(Path path, LinuxContainerSecurityContext security, SELinuxOption options) {
    if (selinux.enabled() && !security.getPrivileged()) {
      SeLinux.relabel(path, SeLinux.mountLabel(options));
    }
  }

  /**
   * The profile to use, or empty for none.
   *
   * @throws InvalidArgumentException if one is wanted that cannot be had
   */
  static String appArmor(
      LinuxContainerSecurityContext security, boolean enabled, Set<String> loaded) {
    String wanted = wanted(security);
    boolean none = wanted.isEmpty();
    if (!enabled) {
      if (none || wanted.equals(UNCONFINED)) {
        return "";
      }
      throw new InvalidArgumentException(
          "container: AppArmor profile \"" + wanted + "\": this kernel has no AppArmor");
    }
    if (security.getPrivileged() && none || wanted.equals(UNCONFINED)) {
      return UNCONFINED;
    }
    if (none) {
      return loaded.contains(AppArmor.DEFAULT) ? AppArmor.DEFAULT : "";
    }
    if (!loaded.contains(wanted)) {
      throw new InvalidArgumentException(
          "container: AppArmor profile \"" + wanted + "\" is not loaded");
    }
    return wanted;
  }

  /** Empty for the default one. */
  private static String wanted(LinuxContainerSecurityContext security) {
    if (security.hasApparmor()) {
      SecurityProfile profile = security.getApparmor();
      return switch (profile.getProfileType()) {
        case RuntimeDefault -> "";
        case Unconfined -> UNCONFINED;
        case Localhost -> local(profile.getLocalhostRef());
        case UNRECOGNIZED ->
            throw new InvalidArgumentException("container: AppArmor profile type is unknown");
      };
    }
    String old = security.getApparmorProfile();
    return switch (old) {
      case "", "runtime/default" -> "";
      case UNCONFINED -> UNCONFINED;
      default -> {
        if (!old.startsWith(LOCALHOST)) {
          throw new InvalidArgumentException(
              "container: AppArmor profile \""
                  + old.replaceAll("\\p{Cntrl}", "?")
                  + "\" is neither runtime/default, unconfined nor localhost/NAME");
        }
        yield local(old);
      }
    };
  }

  private static String local(String reference) {
    String name =
        reference.startsWith(LOCALHOST) ? reference.substring(LOCALHOST.length()) : reference;
    if (name.isEmpty()
        || name.equals(UNCONFINED)
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidArgumentException("container: AppArmor profile has no usable name");
    }
    return name;
  }
}
