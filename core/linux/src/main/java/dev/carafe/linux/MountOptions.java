package dev.carafe.linux;

import static java.util.Map.entry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Options in the notation of mount(8), sorted by what becomes of them.
 *
 * @param flags of mount(2), without propagation
 * @param loop whether the source is a file that takes a loop device
 * @param recursiveReadOnly {@code rro}: every mount of the tree (Linux 5.12)
 * @param propagation one flag each, in the order given
 * @param data what the file system is told
 * @param ids {@code uidmap=} and {@code gidmap=}: how the mount shows ids (Linux 5.12), an overlay
 *     those of its lower layers (Linux 5.19); null if as they are
 */
record MountOptions(
    long flags,
    boolean loop,
    boolean recursiveReadOnly,
    List<Long> propagation,
    List<String> data,
    @Nullable IdMapping ids) {
  static final String UID_MAP = "uidmap=";
  static final String GID_MAP = "gidmap=";

  private static final long REC = MountFlags.REC;

  private static final Map<String, Long> SET =
      Map.ofEntries(
          entry("bind", MountFlags.BIND),
          entry("rbind", MountFlags.BIND | REC),
          entry("ro", MountFlags.RDONLY),
          entry("nosuid", MountFlags.NOSUID),
          entry("nodev", MountFlags.NODEV),
          entry("noexec", MountFlags.NOEXEC),
          entry("nosymfollow", MountFlags.NOSYMFOLLOW),
          entry("sync", MountFlags.SYNCHRONOUS),
          entry("dirsync", MountFlags.DIRSYNC),
          entry("mand", MountFlags.MANDLOCK),
          entry("noatime", MountFlags.NOATIME),
          entry("nodiratime", MountFlags.NODIRATIME),
          entry("relatime", MountFlags.RELATIME),
          entry("strictatime", MountFlags.STRICTATIME),
          entry("lazytime", MountFlags.LAZYTIME),
          entry("remount", MountFlags.REMOUNT));

  private static final Map<String, Long> CLEAR =
      Map.ofEntries(
          entry("defaults", 0L),
          entry("rw", MountFlags.RDONLY),
          entry("suid", MountFlags.NOSUID),
          entry("dev", MountFlags.NODEV),
          entry("exec", MountFlags.NOEXEC),
          entry("symfollow", MountFlags.NOSYMFOLLOW),
          entry("async", MountFlags.SYNCHRONOUS),
          entry("nomand", MountFlags.MANDLOCK),
          entry("atime", MountFlags.NOATIME),
          entry("diratime", MountFlags.NODIRATIME),
          entry("norelatime", MountFlags.RELATIME),
          entry("nostrictatime", MountFlags.STRICTATIME),
          entry("nolazytime", MountFlags.LAZYTIME));

  private static final Map<String, Long> PROPAGATION =
      Map.of(
          "private",
          MountFlags.PRIVATE,
          "rprivate",
          MountFlags.PRIVATE | REC,
          "slave",
          MountFlags.SLAVE,
          "rslave",
          MountFlags.SLAVE | REC,
          "shared",
          MountFlags.SHARED,
          "rshared",
          MountFlags.SHARED | REC,
          "unbindable",
          MountFlags.UNBINDABLE,
          "runbindable",
          MountFlags.UNBINDABLE | REC);

  /**
   * Sorts {@code options}.
   *
   * @throws IllegalArgumentException if a bind mount is given what only a file system understands,
   *     or a mapping of ids is not one
   */
  static MountOptions parse(String type, List<String> options) {
    long flags =
        type.equals("bind") ? MountFlags.BIND : type.equals("rbind") ? MountFlags.BIND | REC : 0;
    boolean loop = false;
    boolean recursiveReadOnly = false;
    var propagation = new ArrayList<Long>();
    var data = new ArrayList<String>();
    String uids = "";
    String gids = "";
    for (String option : options) {
      if (SET.containsKey(option)) {
        flags |= SET.getOrDefault(option, 0L);
      } else if (CLEAR.containsKey(option)) {
        flags &= ~CLEAR.getOrDefault(option, 0L);
      } else if (PROPAGATION.containsKey(option)) {
        propagation.add(PROPAGATION.getOrDefault(option, 0L));
      } else if (option.equals("loop")) {
        loop = true;
      } else if (option.equals("rro")) {
        recursiveReadOnly = true;
      } else if (option.startsWith(UID_MAP)) {
        uids = option.substring(UID_MAP.length());
      } else if (option.startsWith(GID_MAP)) {
        gids = option.substring(GID_MAP.length());
      } else if (!option.isEmpty() && !option.startsWith("x-") && !option.startsWith("X-")) {
        data.add(option);
      }
    }
    if ((flags & MountFlags.BIND) != 0 && loop) {
      throw new IllegalArgumentException("mount option loop: not for a bind mount");
    }
    if ((flags & MountFlags.BIND) != 0 && !data.isEmpty()) {
      throw new IllegalArgumentException("mount options " + data + ": not for a bind mount");
    }
    if (uids.isEmpty() != gids.isEmpty()) {
      throw new IllegalArgumentException("mount options uidmap and gidmap: one without the other");
    }
    return new MountOptions(
        flags,
        loop,
        recursiveReadOnly,
        List.copyOf(propagation),
        List.copyOf(data),
        uids.isEmpty() ? null : IdMapping.parse(uids, gids));
  }

  boolean isBind() {
    return (flags & MountFlags.BIND) != 0;
  }

  boolean isRemount() {
    return (flags & MountFlags.REMOUNT) != 0;
  }

  boolean isRecursive() {
    return (flags & REC) != 0;
  }

  boolean isReadOnly() {
    return recursiveReadOnly || (flags & MountFlags.RDONLY) != 0;
  }

  /** The flags as attributes of a mount, for fsmount and mount_setattr. */
  long attributes() {
    return attribute(MountFlags.RDONLY, MountFlags.ATTR_RDONLY)
        | attribute(MountFlags.NOSUID, MountFlags.ATTR_NOSUID)
        | attribute(MountFlags.NODEV, MountFlags.ATTR_NODEV)
        | attribute(MountFlags.NOEXEC, MountFlags.ATTR_NOEXEC)
        | attribute(MountFlags.NOATIME, MountFlags.ATTR_NOATIME)
        | attribute(MountFlags.NODIRATIME, MountFlags.ATTR_NODIRATIME)
        | attribute(MountFlags.STRICTATIME, MountFlags.ATTR_STRICTATIME)
        | attribute(MountFlags.NOSYMFOLLOW, MountFlags.ATTR_NOSYMFOLLOW);
  }

  private long attribute(long flag, long attribute) {
    return (flags & flag) != 0 ? attribute : 0;
  }

  /** The attribute bits that must be cleared before {@link #attributes} are set. */
  long clearedAttributes() {
    long atime = MountFlags.NOATIME | MountFlags.STRICTATIME | MountFlags.RELATIME;
    return (flags & atime) != 0 ? MountFlags.ATTR_ATIME_MASK : 0;
  }

  /** Whether a bind mount differs from its source in more than place. */
  boolean changesAttributes() {
    return recursiveReadOnly || attributes() != 0 || clearedAttributes() != 0;
  }
}
