package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.api.cri.v1.LinuxSandboxSecurityContext;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.SELinuxOption;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SELinux's labels of pods and volumes.
 *
 * @param enabled whether the kernel has it
 */
record SeLinux(boolean enabled) {
  private static final Logger log = LoggerFactory.getLogger(SeLinux.class);
  private static final String ATTRIBUTE = "security.selinux";
  private static final int CATEGORIES = 1024;
  private static final int DEEPEST = 256;
  private static final RandomGenerator RANDOM = new SecureRandom();

  /** What the whole machine needs to have labels of its own. */
  private static final Set<Path> OF_THE_SYSTEM =
      paths(
          "/ /bin /boot /dev /etc /etc/passwd /etc/group /etc/pki /etc/shadow /etc/ssl /home /lib"
              + " /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /system /tmp /usr"
              + " /usr/bin /usr/lib /usr/lib64 /usr/local /usr/sbin /usr/share /var /var/lib"
              + " /var/lib/kubelet /var/lib/carafe /var/log /var/run /run/carafe");

  static SeLinux ofThisMachine() {
    return new SeLinux(Files.exists(Path.of("/sys/fs/selinux/enforce")));
  }

  private static Set<Path> paths(String text) {
    return Arrays.stream(text.split(" ", -1)).map(Path::of).collect(Collectors.toUnmodifiableSet());
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

  /** A container's options, with those of its pod where it has none. */
  static SELinuxOption options(SELinuxOption own, SELinuxOption ofPod) {
    SELinuxOption.Builder merged = own.toBuilder();
    if (own.getUser().isEmpty()) {
      merged.setUser(ofPod.getUser());
    }
    if (own.getRole().isEmpty()) {
      merged.setRole(ofPod.getRole());
    }
    if (own.getType().isEmpty()) {
      merged.setType(ofPod.getType());
    }
    if (own.getLevel().isEmpty()) {
      merged.setLevel(ofPod.getLevel());
    }
    return merged.build();
  }

  /** A pod that has a level: its own two categories, which keep other pods from its files. */
  PodSandboxConfig withLevel(PodSandboxConfig config, Collection<Pod> others) {
    LinuxSandboxSecurityContext security = config.getLinux().getSecurityContext();
    if (!enabled || !security.getSelinuxOptions().getLevel().isEmpty()) {
      return config;
    }
    Set<String> taken =
        others.stream()
            .map(pod -> pod.config().getLinux().getSecurityContext().getSelinuxOptions().getLevel())
            .collect(Collectors.toSet());
    String level;
    do {
      int one = RANDOM.nextInt(CATEGORIES);
      int other = RANDOM.nextInt(CATEGORIES - 1);
      other += other >= one ? 1 : 0;
      level = "s0:c" + Math.min(one, other) + ",c" + Math.max(one, other);
    } while (taken.contains(level));
    PodSandboxConfig.Builder labelled = config.toBuilder();
    labelled
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getSelinuxOptionsBuilder()
        .setLevel(level);
    return labelled.build();
  }

  /**
   * Labels a file, or a directory with all that is in it, but for what is mounted there. Follows no
   * links, whatever somebody puts there meanwhile.
   *
   * @param path without links
   * @throws InvalidArgumentException if the whole machine depends on its labels
   */
  static void relabel(Path path, String label) {
    Path home = path.getParent();
    if (OF_THE_SYSTEM.contains(path) || home != null && home.equals(Path.of("/home"))) {
      throw new InvalidArgumentException(
          "\"" + path + "\" is a part of the system and is not labelled for a container");
    }
    byte[] value = (label + "\0").getBytes(UTF_8);
    try (Fd root =
        PathCalls.openat2(Fd.CWD, RawPath.of(path), OpenFlags.PATH, 0, ResolveFlags.NO_SYMLINKS)) {
      label(root, value, 0);
    }
  }

  private static void label(Fd file, byte[] value, int depth) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("labelling of a volume: interrupted");
    }
    if (!set(file, value)) {
      return;
    }
    if ((FileCalls.fstat(file).mode() & FileStat.TYPE_MASK) != FileStat.DIRECTORY) {
      return;
    }
    if (depth == DEEPEST) {
      throw new InvalidArgumentException("volume: deeper than " + DEEPEST + " directories");
    }
    try (DirectoryReader reader = DirectoryReader.open(file)) {
      for (DirectoryReader.Entry entry = reader.next(); entry != null; entry = reader.next()) {
        try (Fd child =
            PathCalls.openat2(
                file,
                entry.name(),
                OpenFlags.PATH | OpenFlags.NOFOLLOW,
                0,
                ResolveFlags.NO_XDEV | ResolveFlags.BENEATH)) {
          label(child, value, depth + 1);
        } catch (ErrnoException e) {
          if (!e.is(Errno.ENOENT) && !e.is(Errno.EXDEV)) {
            throw e;
          }
        }
      }
    }
  }

  /** False where the file system has no labels. */
  private static boolean set(Fd file, byte[] value) {
    try {
      if (!XattrCalls.get(file, ATTRIBUTE).map(now -> Arrays.equals(now, value)).orElse(false)) {
        XattrCalls.set(file, ATTRIBUTE, value, 0);
      }
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EOPNOTSUPP) || e.is(Errno.EROFS)) {
        log.debug("{}: not labelled: {}", file, e.getMessage());
        return false;
      }
      throw e;
    }
  }
}
