package dev.carafe.linux;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What this machine's kernel can do, found by asking it, once, at the first question. */
public final class Kernel {
  /** A call or ability that not every supported kernel has, or that a seccomp filter may refuse. */
  public enum Feature {
    /** openat2(2), Linux 5.6. */
    OPENAT2,
    /** fsopen, fsconfig, fsmount, move_mount, open_tree, Linux 5.2. */
    MOUNT_API,
    /** mount_setattr(2), Linux 5.12. */
    MOUNT_SETATTR,
    /** Overlay layers given one by one ({@code lowerdir+}), Linux 6.7. */
    OVERLAY_APPEND,
    /** pidfd_open(2) and waiting on it, Linux 5.4. */
    PIDFD
  }

  private static final Map<Feature, Boolean> KNOWN = new ConcurrentHashMap<>();

  private Kernel() {}

  /** Whether the calling process can use {@code feature}. */
  public static boolean has(Feature feature) {
    return KNOWN.computeIfAbsent(feature, Kernel::probe);
  }

  private static boolean probe(Feature feature) {
    try {
      return switch (feature) {
        case OPENAT2 -> opens(PathCalls.openat2(Fd.CWD, RawPath.of("/"), OpenFlags.PATH, 0, 0));
        case MOUNT_API -> opens(MountCalls.kernel().fsopen("tmpfs"));
        case MOUNT_SETATTR -> mountSetattr();
        case OVERLAY_APPEND -> overlayAppend();
        case PIDFD -> opens(ProcessCalls.pidfdOpen(ProcessHandle.current().pid()));
      };
    } catch (ErrnoException e) {
      return false;
    }
  }

  private static boolean opens(Fd fd) {
    fd.close();
    return true;
  }

  /** A bad descriptor tells a call that exists from one that does not. */
  private static boolean mountSetattr() {
    try {
      MountCalls.kernel()
          .mountSetattr(
              Fd.borrow(Integer.MAX_VALUE), RawPath.EMPTY, AtFlags.EMPTY_PATH, 1, 0, 0, null);
      return true;
    } catch (ErrnoException e) {
      return e.is(Errno.EBADF);
    }
  }

  /**
   * Before Linux 6.5 overlay looks at its options only when the mount is made: it takes any name.
   */
  private static boolean overlayAppend() {
    return overlayTakes("lowerdir+") && !overlayTakes("no-such-option");
  }

  private static boolean overlayTakes(String option) {
    try (Fd filesystem = MountCalls.kernel().fsopen("overlay")) {
      MountCalls.kernel().fsconfigString(filesystem, option, RawPath.of("/"));
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }
}
