package dev.carafe.cri;

import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.api.cri.v1.SecurityProfile;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** AppArmor's profiles and SELinux's labels, where the kernel has them. */
final class Confinement {
  /** The default profile's name in containerd; it counts where somebody has loaded it. */
  private static final String DEFAULT = "cri-containerd.apparmor.d";

  private static final String LOCALHOST = "localhost/";
  private static final Path APPARMOR = Path.of("/sys/module/apparmor/parameters/enabled");
  private static final Path PROFILES = Path.of("/sys/kernel/security/apparmor/profiles");
  private static final Path SELINUX = Path.of("/sys/fs/selinux/enforce");

  private Confinement() {}

  static void apply(RuntimeSpec spec, LinuxContainerSecurityContext security) {
    boolean appArmor = text(APPARMOR).startsWith("Y");
    String profile = appArmor(security, appArmor, appArmor ? loaded() : Set.of());
    if (!profile.isEmpty()) {
      spec.appArmorProfile(profile);
    }
    if (Files.exists(SELINUX) && !security.getPrivileged()) {
      SELinuxOption options = security.getSelinuxOptions();
      spec.selinux(processLabel(options), mountLabel(options));
    }
  }

  /**
   * The profile to use, or empty for none.
   *
   * @throws InvalidArgumentException if one is wanted that cannot be had
   */
  static String appArmor(
      LinuxContainerSecurityContext security, boolean enabled, Set<String> loaded) {
    String wanted;
    if (security.hasApparmor()) {
      SecurityProfile profile = security.getApparmor();
      wanted =
          switch (profile.getProfileType()) {
            case RuntimeDefault, UNRECOGNIZED -> "";
            case Unconfined -> "unconfined";
            case Localhost -> profile.getLocalhostRef();
          };
    } else {
      wanted = security.getApparmorProfile();
    }
    wanted = wanted.startsWith(LOCALHOST) ? wanted.substring(LOCALHOST.length()) : wanted;
    boolean none = wanted.isEmpty() || wanted.equals("runtime/default");
    if (!enabled) {
      if (none || wanted.equals("unconfined")) {
        return "";
      }
      throw new InvalidArgumentException(
          "container: AppArmor profile \"" + wanted + "\": this kernel has no AppArmor");
    }
    if (security.getPrivileged() && none || wanted.equals("unconfined")) {
      return "unconfined";
    }
    if (none) {
      return loaded.contains(DEFAULT) ? DEFAULT : "";
    }
    if (!loaded.contains(wanted)) {
      throw new InvalidArgumentException(
          "container: AppArmor profile \"" + wanted + "\" is not loaded");
    }
    return wanted;
  }

  /** Lines of {@code NAME (MODE)}. */
  private static Set<String> loaded() {
    try (Stream<String> lines = Files.lines(PROFILES)) {
      return lines
          .limit(10_000)
          .map(line -> line.contains(" (") ? line.substring(0, line.lastIndexOf(" (")) : line)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      return Set.of();
    }
  }

  static String processLabel(SELinuxOption options) {
    return String.join(
        ":",
        or(options.getUser(), "system_u"),
        or(options.getRole(), "system_r"),
        or(options.getType(), "container_t"),
        or(options.getLevel(), "s0"));
  }

  static String mountLabel(SELinuxOption options) {
    return "system_u:object_r:container_file_t:" + or(options.getLevel(), "s0");
  }

  private static String or(String text, String otherwise) {
    if (text.length() > 256 || !text.matches("[A-Za-z0-9_.:,-]*")) {
      throw new InvalidArgumentException("container: SELinux option is not well-formed");
    }
    return text.isEmpty() ? otherwise : text;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
