package dev.carafe.linux;

import dev.carafe.spi.mounts.Mount;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tree of mounts that is attached nowhere: no other process sees it, and it ends with its last
 * descriptor, at the latest with this process, even by SIGKILL. For reading or writing a snapshot
 * without a real mount.
 *
 * <p>The descriptor is an {@link OpenFlags#PATH} one of the root directory: use it as {@code dir}
 * in {@link PathCalls}, or open {@link RawPath#DOT} in it. Close it after everything that was
 * opened through it where the end of the mount matters (an overlay's directories are in use until
 * then). The end of a writable overlay waits until the whole file system of its upper directory is
 * written back, unless it has the option {@code volatile}.
 */
public final class DetachedMount {
  /** Places to mount at, inside a private namespace; one that no source lies below is taken. */
  private static final List<String> PLACES =
      List.of("/sys", "/mnt", "/media", "/srv", "/opt", "/boot", "/home", "/tmp", "/var");

  private final MountCalls calls;
  private final boolean modern;

  DetachedMount(MountCalls calls, boolean modern) {
    this.calls = calls;
    this.modern = modern;
  }

  /**
   * Mounts {@code mounts}, in order, one on top of the other or at their targets. A single writable
   * bind mount is its source directory, opened; with it, mounts below the source are visible.
   *
   * @throws ErrnoException whatever the kernel says, its explanation included where it gives one
   * @throws IllegalArgumentException if a bind mount has options that only a file system
   *     understands
   */
  public static Fd open(List<Mount> mounts) {
    return new DetachedMount(MountCalls.kernel(), modern()).openAll(mounts);
  }

  /**
   * As {@link #open}, without the writable layer of an overlay, for a look at a snapshot with
   * nothing in that layer yet: the end of a writable overlay waits until a whole file system is
   * written back.
   */
  public static Fd openLower(List<Mount> mounts) {
    return open(mounts.stream().map(DetachedMount::lower).toList());
  }

  private static Mount lower(Mount mount) {
    List<String> options = new ArrayList<>(mount.options());
    options.removeIf(o -> o.startsWith("upperdir=") || o.startsWith("workdir="));
    List<String> ids = options.stream().filter(DetachedMount::mapsIds).toList();
    List<String> lower = options.stream().filter(o -> o.startsWith("lowerdir")).toList();
    String only = lower.size() == 1 ? lower.getFirst() : ":";
    if (mount.type().equals("overlay") && only.indexOf(':') < 0 && only.indexOf('\\') < 0) {
      // An overlay needs two layers.
      String directory = only.substring(only.indexOf('=') + 1);
      List<String> bind = new ArrayList<>(ids);
      bind.add("bind");
      return new Mount("bind", directory, mount.target(), bind);
    }
    return new Mount(mount.type(), mount.source(), mount.target(), options);
  }

  private static boolean mapsIds(String option) {
    return option.startsWith(MountOptions.UID_MAP) || option.startsWith(MountOptions.GID_MAP);
  }

  /** Whether everything can be done by the calls of Linux 5.12 and overlay's of 6.7. */
  static boolean modern() {
    return Kernel.has(Kernel.Feature.MOUNT_API)
        && Kernel.has(Kernel.Feature.MOUNT_SETATTR)
        && Kernel.has(Kernel.Feature.OVERLAY_APPEND);
  }

  Fd openAll(List<Mount> mounts) {
    if (mounts.isEmpty()) {
      throw new IllegalArgumentException("mounts: none given");
    }
    Mount first = mounts.getFirst();
    if (mounts.size() > 1 || !first.target().isEmpty()) {
      return inPrivateNamespace(mounts);
    }
    MountOptions options = MountOptions.parse(first.type(), first.options());
    if (options.ids() != null) {
      return mapped(first, options.ids());
    }
    if (options.isBind() && !options.changesAttributes()) {
      return PathCalls.openat(Fd.CWD, RawPath.of(first.source()), OpenFlags.PATH, 0);
    }
    return modern
        ? FileBacked.mount(first, options, backed -> detached(backed, options))
        : inPrivateNamespace(mounts);
  }

  /**
   * A mount that shows other ids. Those of an overlay are shown by its lower layers, so that what
   * is written has the ids of who wrote it.
   */
  Fd mapped(Mount mount, IdMapping ids) {
    var options = new ArrayList<>(mount.options());
    options.removeIf(DetachedMount::mapsIds);
    Mount plain = new Mount(mount.type(), mount.source(), "", options);
    try (Fd users = UserNamespace.open(ids)) {
      if (mount.type().equals("overlay")) {
        return overlayOf(plain, users);
      }
      MountOptions parsed = MountOptions.parse(plain.type(), options);
      return map(parsed.isBind() ? bind(plain, parsed) : inPrivateNamespace(List.of(plain)), users);
    }
  }

  private Fd map(Fd tree, Fd users) {
    return closedOnFailure(
        tree,
        () -> {
          int flags = AtFlags.EMPTY_PATH;
          calls.mountSetattr(tree, RawPath.EMPTY, flags, MountFlags.ATTR_IDMAP, 0, 0, users);
          return tree;
        });
  }

  /** Lower layers have to be mounted somewhere: where only a thread sees it. */
  private Fd overlayOf(Mount mount, Fd users) {
    OverlayOptions layers = OverlayOptions.parse(mount.options());
    if (!layers.data().isEmpty()) {
      throw new IllegalArgumentException("mapped ids: not for an overlay with layers of data");
    }
    RawPath place = place(List.of(mount));
    var mounter = new KernelMounter(calls, modern);
    return Namespaces.inNew(
        Namespaces.NEWNS,
        () -> {
          calls.mount(RawPath.of("tmpfs"), place, "tmpfs", 0, null);
          var options = new ArrayList<>(mount.options());
          options.removeIf(option -> option.startsWith("lowerdir"));
          var lower = new ArrayList<String>();
          for (RawPath layer : layers.lower()) {
            String at = place + "/" + lower.size();
            lower.add(at);
            PathCalls.mkdirat(Fd.CWD, RawPath.of(at), 0700);
            try (Fd tree = map(calls.openTree(Fd.CWD, layer, MountFlags.OPEN_TREE_CLONE), users)) {
              calls.moveMount(tree, Fd.CWD, RawPath.of(at), 0);
            }
          }
          options.add("lowerdir=" + String.join(":", lower));
          RawPath top = RawPath.of(place + "/overlay");
          PathCalls.mkdirat(Fd.CWD, top, 0700);
          mounter.mount(List.of(new Mount("overlay", mount.source(), "", options)), top);
          return calls.openTree(Fd.CWD, top, MountFlags.OPEN_TREE_CLONE);
        });
  }

  /** One mount by the calls of Linux 5.2 and later. */
  Fd detached(Mount mount, MountOptions options) {
    return options.isBind() ? bind(mount, options) : filesystem(mount, options);
  }

  private Fd bind(Mount mount, MountOptions options) {
    int recursive = options.isRecursive() ? AtFlags.RECURSIVE : 0;
    Fd tree =
        calls.openTree(Fd.CWD, RawPath.of(mount.source()), MountFlags.OPEN_TREE_CLONE | recursive);
    return closedOnFailure(
        tree,
        () -> {
          long set = options.attributes();
          if (set != 0 || options.clearedAttributes() != 0) {
            setAttributes(tree, 0, set, options.clearedAttributes());
          }
          if (options.recursiveReadOnly()) {
            setAttributes(tree, AtFlags.RECURSIVE, MountFlags.ATTR_RDONLY, 0);
          }
          return tree;
        });
  }

  private void setAttributes(Fd tree, int flags, long set, long clear) {
    calls.mountSetattr(tree, RawPath.EMPTY, AtFlags.EMPTY_PATH | flags, set, clear, 0, null);
  }

  private Fd filesystem(Mount mount, MountOptions options) {
    try (Fd filesystem = calls.fsopen(mount.type())) {
      if (!mount.source().isEmpty()) {
        calls.fsconfigString(filesystem, "source", RawPath.of(mount.source()));
      }
      List<String> settings = options.data();
      if (mount.type().equals("overlay")) {
        OverlayOptions overlay = OverlayOptions.parse(options.data());
        overlay.configure(calls, filesystem);
        settings = overlay.settings();
      }
      for (String setting : settings) {
        int equals = setting.indexOf('=');
        if (equals < 0) {
          calls.fsconfigFlag(filesystem, setting);
        } else {
          RawPath value = RawPath.of(unquoted(setting.substring(equals + 1)));
          calls.fsconfigString(filesystem, setting.substring(0, equals), value);
        }
      }
      superFlag(filesystem, options, MountFlags.RDONLY, "ro");
      superFlag(filesystem, options, MountFlags.SYNCHRONOUS, "sync");
      superFlag(filesystem, options, MountFlags.DIRSYNC, "dirsync");
      superFlag(filesystem, options, MountFlags.LAZYTIME, "lazytime");
      calls.fsconfigCreate(filesystem);
      long readOnly = options.isReadOnly() ? MountFlags.ATTR_RDONLY : 0;
      return calls.fsmount(filesystem, options.attributes() | readOnly);
    }
  }

  /** Quotes, as around an SELinux context, only protect commas from mount(2). */
  private static String unquoted(String value) {
    boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  private void superFlag(Fd filesystem, MountOptions options, long flag, String word) {
    if ((options.flags() & flag) != 0) {
      calls.fsconfigFlag(filesystem, word);
    }
  }

  /**
   * The way for older kernels and for several mounts: really mounted, but in a mount namespace that
   * only one short-lived thread is in, and then copied out as a detached tree.
   */
  private Fd inPrivateNamespace(List<Mount> mounts) {
    RawPath place = place(mounts);
    var mounter = new KernelMounter(calls, modern);
    return Namespaces.inNew(
        Namespaces.NEWNS,
        () -> {
          mounter.mount(mounts, place);
          return calls.openTree(Fd.CWD, place, MountFlags.OPEN_TREE_CLONE | AtFlags.RECURSIVE);
        });
  }

  private static RawPath place(List<Mount> mounts) {
    var text = new StringBuilder();
    for (Mount mount : mounts) {
      text.append(mount.source()).append(' ').append(mount.options()).append(' ');
    }
    for (String place : PLACES) {
      if (text.indexOf(place) < 0 && isDirectory(place)) {
        return RawPath.of(place);
      }
    }
    throw new IllegalArgumentException("mounts " + mounts + ": no directory is free to mount at");
  }

  private static boolean isDirectory(String path) {
    try {
      return PathCalls.statx(Fd.CWD, RawPath.of(path), 0).isDirectory();
    } catch (ErrnoException e) {
      return false;
    }
  }

  private static Fd closedOnFailure(Fd fd, Supplier<Fd> rest) {
    try {
      return rest.get();
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }
}
